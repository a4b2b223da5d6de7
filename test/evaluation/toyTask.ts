/** Small tasks for tests of scoring: a manifest and a private folder with answers, made in a temporary folder. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type * as z from 'zod';
import { TaskManifest } from '../../protocol/task.ts';
import type { ScorableTask } from '../../server/evaluation/scorer.ts';

export const python = process.env.AIRA2_PYTHON ?? path.resolve(import.meta.dirname, '../../.venv/bin/python');

export type Cell = string | number;
export type AnswerRow = { id: string; split: 'search' | 'validation' | 'test' } & Record<string, Cell>;
type ManifestInput = z.input<typeof TaskManifest>;

export interface ToyOptions {
  answers: AnswerRow[];
  target?: string[];
  columns?: ManifestInput['prediction']['columns'];
  prediction?: Partial<ManifestInput['prediction']>;
  metric: ManifestInput['metric'];
  gradeSeconds?: number;
  perSplit?: boolean;
}

/** Value columns by default: one float column named as the target. */
export async function makeToyTask(options: ToyOptions): Promise<ScorableTask & AsyncDisposable> {
  const directory = await mkdtemp(path.join(tmpdir(), 'toy-'));
  const privateDirectory = path.join(directory, 'private');
  await mkdir(privateDirectory, { mode: 0o700 });
  await writeFile(path.join(privateDirectory, 'answers.csv'), csv(options.answers), { mode: 0o600 });
  const target = options.target ?? ['y'];
  const manifest = TaskManifest.parse({
    schema: 'aira.task/1',
    id: 'toy',
    title: 'Toy',
    version: 1,
    source: { kind: 'local', ref: 'test', licence: 'none' },
    description: 'description.md',
    modality: 'tabular',
    data: { target },
    split: { method: 'random' },
    view: { mode: options.perSplit ? 'per_split' : 'pooled' },
    prediction: {
      columns: options.columns ?? [
        { name: 'id', role: 'id', dtype: 'string' },
        ...target.map((name) => ({ name, role: 'value' as const, dtype: 'float' as const })),
      ],
      ...options.prediction,
    },
    metric: options.metric,
    limits: { grade_s: options.gradeSeconds ?? 60 },
  } satisfies ManifestInput);
  return {
    manifest,
    directory,
    privateDirectory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** CSV text of rows that have the same keys. */
export function csv(rows: Record<string, Cell>[]): string {
  const header = Object.keys(rows[0] ?? {});
  const line = (cells: Cell[]) => cells.map((cell) => quote(String(cell))).join(',');
  return `${[line(header), ...rows.map((row) => line(header.map((name) => row[name] ?? '')))].join('\n')}\n`;
}

function quote(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** `count` answers in turn search, validation, test; ids r000, r001, … unless told otherwise. */
export function answersOf(
  count: number,
  values: (row: number) => Record<string, Cell>,
  id = (row: number) => `r${String(row).padStart(3, '0')}`,
): AnswerRow[] {
  const splits = ['search', 'validation', 'test'] as const;
  return Array.from({ length: count }, (_, row) => ({
    id: id(row),
    split: splits[row % 3] ?? 'search',
    ...values(row),
  }));
}
