/** A task whose data is on disk, split and ready to be searched on. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as z from 'zod';
import { SplitName, TaskManifest } from '../../protocol/task.ts';
import { hasCode } from '../../protocol/thrown.ts';
import { TaskNotPreparedError } from './errors.ts';
import { scoringHash } from './scoringHash.ts';

/** One run of a program: which folders it sees, and which split its predictions are for. */
export interface TaskView {
  split: 'pooled' | SplitName;
  /** Absolute; shown to the program as AIRA_TRAIN_DIR. */
  trainDirectory: string;
  /** Absolute; shown to the program as AIRA_EVAL_DIR. */
  evalDirectory: string;
}

export interface PreparedTask {
  manifest: TaskManifest;
  /** `<home>/tasks/<id>@<version>`, absolute. */
  directory: string;
  /** May be shown to agents. */
  publicDirectory: string;
  /** Labels: for the scoring process only. */
  privateDirectory: string;
  /** Later histories (per_split): for evaluation sandboxes only. Exists only with view.mode per_split. */
  evaluatorDirectory: string;
  splitHash: string;
  /** Of all that scores follow from beside the splits: metric, form of predictions, how programs are run. */
  scoringHash: string;
  /** Rows of each part. */
  counts: { train: number; search: number; validation: number; test: number };
  /** Markdown. */
  description: string;
  /** Markdown, made from the public part alone. */
  dataCard: string;
  /** In the order they are to be run: search first. */
  views: TaskView[];
}

const count = z.int().nonnegative();

/** `task.json`, which marks a prepared task as complete. */
export const PreparedDocument = z.object({
  manifest: TaskManifest,
  splitHash: z.string().regex(/^[0-9a-f]{64}$/),
  counts: z.object({ train: count, search: count, validation: count, test: count }),
  /** ISO 8601. */
  preparedAt: z.string(),
  /** sha256 over everything that shapes the prepared data: what to compare before preparing again. */
  recipe: z.string(),
  /** sha256 over the files of a metric that is a command, in private/grader; absent if there are none. */
  grader: z.string().optional(),
  /** Folders relative to the prepared task. */
  views: z
    .array(z.object({ split: z.union([z.literal('pooled'), SplitName]), train: z.string(), eval: z.string() }))
    .min(1),
  /** What the splitter did that a reader should know, e.g. how many duplicates it met. */
  notes: z.array(z.string()),
});
export type PreparedDocument = z.infer<typeof PreparedDocument>;

/** `<home>/tasks/<id>@<version>`. */
export function preparedDirectory(home: string, { id, version }: Pick<TaskManifest, 'id' | 'version'>): string {
  return path.join(path.resolve(home), 'tasks', `${id}@${version}`);
}

/** Reads `task.json`; null if the folder holds no prepared task. */
export function readPreparedDocument(directory: string): PreparedDocument | null {
  try {
    return PreparedDocument.parse(JSON.parse(readFileSync(path.join(directory, 'task.json'), 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new TaskNotPreparedError(path.basename(directory), directory, `has a damaged task.json: ${reason}`);
  }
}

/** Reads a prepared task from its folder; null if there is none. */
export function readPreparedTask(directory: string): PreparedTask | null {
  const document = readPreparedDocument(directory);
  if (document === null) return null;
  const publicDirectory = path.join(directory, 'public');
  return {
    manifest: document.manifest,
    directory,
    publicDirectory,
    privateDirectory: path.join(directory, 'private'),
    evaluatorDirectory: path.join(directory, 'evaluator'),
    splitHash: document.splitHash,
    scoringHash: scoringHash(document.manifest, document.grader ?? null),
    counts: document.counts,
    description: readFileSync(path.join(publicDirectory, 'description.md'), 'utf8'),
    dataCard: readFileSync(path.join(publicDirectory, 'data_card.md'), 'utf8'),
    views: document.views.map((view) => ({
      split: view.split,
      trainDirectory: path.join(directory, view.train),
      evalDirectory: path.join(directory, view.eval),
    })),
  };
}
