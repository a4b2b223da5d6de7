/** A task of the test's own in a temporary folder: manifest, table, home; gone when the test ends. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { prepareTask } from '../../server/tasks/prepare.ts';
import type { PreparedTask } from '../../server/tasks/preparedTask.ts';

export const python = process.env.AIRA2_PYTHON ?? path.resolve(import.meta.dirname, '../../.venv/bin/python');

/** A row of a CSV by column name, every cell a text. */
export type Row = Record<string, string>;

export interface LocalTask {
  /** Folder of task.yaml and table.csv. */
  folder: string;
  home: string;
  lines: string[];
  /** Where it will be prepared to. */
  directory: string;
  writeManifest(manifest: object): void;
  writeTable(rows: Row[]): void;
  prepare(home?: string, signal?: AbortSignal): Promise<PreparedTask>;
}

/** The parts of a manifest that every test task shares; regression of `y`. */
export const regression = {
  schema: 'aira.task/1',
  id: 'mine',
  title: 'Mine',
  version: 1,
  source: { kind: 'local', ref: 'test', licence: 'CC0' },
  description: 'description.md',
  modality: 'tabular',
  data: { target: ['y'] },
  split: { method: 'random', min_rows: 1 },
  prediction: {
    columns: [
      { name: 'id', role: 'id', dtype: 'string' },
      { name: 'y', role: 'value', dtype: 'float' },
    ],
  },
  metric: { name: 'MAE', direction: 'minimize', optimum: 0, impl: { builtin: 'mae' } },
};

export function localTask(context: TestContext, manifest: object, rows: Row[]): LocalTask {
  const root = mkdtempSync(path.join(tmpdir(), 'aira2-task-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = path.join(root, 'source');
  const home = path.join(root, 'home');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'description.md'), '# Mine\n');
  const lines: string[] = [];
  const task: LocalTask = {
    folder,
    home,
    lines,
    directory: path.join(home, 'tasks', 'mine@1'),
    writeManifest: (document) => writeFileSync(path.join(folder, 'task.yaml'), stringify(document)),
    writeTable: (table) => writeFileSync(path.join(folder, 'table.csv'), toCsv(table)),
    prepare: (into = home, signal) =>
      prepareTask({
        home: into,
        reference: folder,
        python,
        log: (line) => lines.push(line),
        ...(signal === undefined ? {} : { signal }),
      }),
  };
  task.writeManifest(manifest);
  task.writeTable(rows);
  return task;
}

/** `count` rows made by `make`. */
export function rows(count: number, make: (index: number) => Row): Row[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

export function toCsv(table: Row[]): string {
  const header = Object.keys(table[0] ?? {});
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${[header, ...table.map((row) => header.map((name) => row[name] ?? ''))].map((cells) => cells.map(cell).join(',')).join('\n')}\n`;
}

/** Reads a CSV whose cells hold no line breaks. */
export function readRows(...file: string[]): Row[] {
  const [header = '', ...lines] = readFileSync(path.join(...file), 'utf8')
    .trimEnd()
    .split('\n');
  const names = cells(header);
  return lines.map((line) => Object.fromEntries(cells(line).map((text, index) => [names[index] ?? '', text])));
}

function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}

/** Every labelled row with the split it went to, joined back from the private folder's audit list. */
export function splitOfRows(task: PreparedTask, table: Row[]): (Row & { split: string })[] {
  return readRows(task.privateDirectory, 'rows.csv').map(({ row, split = '' }) => ({ ...table[Number(row)], split }));
}
