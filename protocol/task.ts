/**
 * The task manifest, `aira.task/1`: what a person writes to describe data, splits, metric and limits.
 * Pure schema: anything may import it; reading files and preparing data is `server/tasks`.
 */
import * as z from 'zod';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a slug: lower-case letters, digits and dashes');
/** File systems of Linux take names of 255 bytes. */
const isFileName = (name: string) => new TextEncoder().encode(name).length <= 255;
const relativePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), 'a path inside the task folder')
  .refine((path) => !/\p{Cc}/u.test(path), 'a path without control characters')
  .refine((path) => path.length <= 1000 && path.split('/').every(isFileName), 'a path short enough for a file system');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 in lower-case hex');

export const splitNames = ['search', 'validation', 'test'] as const;
export const SplitName = z.enum(splitNames);
/** The three hidden splits. Only `search` is ever scored before a run has ended. */
export type SplitName = z.infer<typeof SplitName>;

export const Direction = z.enum(['minimize', 'maximize']);
export type Direction = z.infer<typeof Direction>;

/** The hint that lets a reader (an agent, the built-in researcher, a panel) know what kind of data this is. */
export const Modality = z.enum(['tabular', 'image', 'text', 'time-series', 'other']);
export type Modality = z.infer<typeof Modality>;

export const PredictionColumn = z.strictObject({
  name: z.string().min(1),
  role: z.enum(['id', 'value']),
  dtype: z.enum(['float', 'int', 'string']),
  min: z.number().optional(),
  max: z.number().optional(),
  levels: z.array(z.union([z.string(), z.number()])).optional(),
});

export const TaskManifest = z.strictObject({
  schema: z.literal('aira.task/1'),
  id: slug,
  title: z.string().min(1),
  /** Enters the split seed: a new version is a new split. */
  version: z.int().positive(),
  source: z.strictObject({
    kind: z.enum(['builtin', 'mlebench', 'airs', 'mlgym', 'local']),
    ref: z.string(),
    commit: z.string().optional(),
    licence: z.string(),
  }),
  /** Markdown, shown to agents and people. */
  description: relativePath,
  modality: Modality,
  warnings: z.array(z.string()).default([]),
  data: z.strictObject({
    acquire: z
      .array(
        z.strictObject({
          kind: z.enum(['npm', 'deb', 'pip', 'path']),
          /** `name@version`, `name=version`, `name==version`, or a path beside the manifest. */
          spec: z.string().min(1),
          sha256,
        }),
      )
      .default([]),
    /** Runs in an empty folder with `AIRA_ACQUIRED_DIR`; writes the table (and arrays) named below. */
    prepare: z.strictObject({ cmd: z.array(z.string()).min(1), timeout_s: z.int().positive().default(600) }).optional(),
    table: relativePath.default('table.csv'),
    /** Columns that identify a row, or the row's position. */
    id: z.union([z.array(z.string()).min(1), z.literal('row_index')]).default('row_index'),
    target: z.array(z.string()).min(1),
    /** Columns that leak the target, or are of no use: they reach no sandbox. */
    drop: z.array(z.string()).default([]),
    /** Row-aligned `.npy` arrays, cut along with the table. */
    arrays: z.array(z.strictObject({ name: slug, path: relativePath })).default([]),
  }),
  split: z.strictObject({
    method: z.enum(['random', 'stratified', 'group', 'time', 'rolling_origin', 'predefined', 'custom']),
    /** Shares of the labelled data that is left when the test part is taken out. */
    fractions: z
      .strictObject({ train: z.number(), search: z.number(), validation: z.number() })
      .default({ train: 0.8, search: 0.1, validation: 0.1 }),
    test: z
      .union([z.literal('provided'), z.strictObject({ holdout: z.number().gt(0).lt(1) })])
      .default({ holdout: 0.1 }),
    group: z.array(z.string()).optional(),
    stratify: z.array(z.string()).optional(),
    time: z.string().optional(),
    /** rolling_origin: periods to forecast at each origin, and periods left out between history and forecast. */
    horizon: z.int().positive().optional(),
    gap: z.int().nonnegative().optional(),
    /** predefined: the column that names the split of each row. */
    column: z.string().optional(),
    cmd: z.array(z.string()).optional(),
    dedupe: z
      .strictObject({
        key: z.union([z.array(z.string()).min(1), z.literal('features')]),
        policy: z.enum(['group', 'drop', 'error']),
      })
      .optional(),
    min_rows: z.int().positive().default(30),
    /** The hash this version's split must have on every machine; `aira2 task prepare` prints it. */
    hash: sha256.optional(),
  }),
  view: z
    .strictObject({
      /** pooled: one run over all hidden rows under opaque ids. per_split: one run for each split, with growing history. */
      mode: z.enum(['pooled', 'per_split']).default('pooled'),
      inputs_in_dev: z.boolean().default(true),
      opaque_ids: z.boolean().default(true),
    })
    .prefault({}),
  run: z
    .strictObject({
      cmd: z.array(z.string()).min(1).default(['python', 'solution.py']),
      /** Refused unless empty: nothing is installed for a task. Kept, because prepared tasks of older versions have it. */
      requirements: z.array(z.string()).default([]),
      /** Container image that programs need, for --sandbox podman, docker or apptainer. */
      image: z.string().min(1).optional(),
    })
    .prefault({}),
  prediction: z.strictObject({
    file: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]*$/, 'a plain file name')
      .default('predictions.csv'),
    format: z.literal('csv').default('csv'),
    align: z.enum(['id', 'position']).default('id'),
    columns: z.array(PredictionColumn).min(1),
    /** Value columns of every row must sum to this (tolerance 1e-3), e.g. 1 for class probabilities. */
    row_sum: z.number().optional(),
    max_bytes: z
      .int()
      .positive()
      .default(64 * 1024 * 1024),
  }),
  metric: z.strictObject({
    name: z.string().min(1),
    direction: Direction,
    bounds: z.tuple([z.number().nullable(), z.number().nullable()]).default([null, null]),
    optimum: z.number().optional(),
    /** mase: periods in a season, e.g. 12 for months; its scale is the seasonal naive error over each history. */
    season: z.int().positive().optional(),
    impl: z.union([z.strictObject({ builtin: z.string() }), z.strictObject({ cmd: z.array(z.string()).min(1) })]),
  }),
  reference: z
    .strictObject({
      /** Measured on the test split unless `split` says otherwise; names used in reports: naive, simple, strong. */
      baselines: z
        .array(z.strictObject({ name: z.string(), score: z.number(), how: z.string().optional() }))
        .default([]),
      /** What a leaderboard's medals take, on its test split, best first: gold, silver, bronze. Charts are read against them. */
      medals: z.array(z.strictObject({ name: z.string().min(1), score: z.number() })).default([]),
      sota: z.number().optional(),
      worst: z.number().optional(),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** One tool call of an agent, and one evaluation run, in seconds (the paper's cap is 9 h). */
      dev_exec_s: z.int().positive().default(32_400),
      eval_exec_s: z.int().positive().default(32_400),
      grade_s: z.int().positive().default(120),
      /** One agent's trajectory, wall-clock seconds. */
      trajectory_s: z.int().positive().default(43_200),
      cpus: z.int().positive().default(12),
      mem_mb: z.int().positive().default(120_000),
      /** 1: each slot has one, as far as the machine has them. 0: none is held, and none is shown to programs. */
      gpus: z.int().nonnegative().default(1),
      disk_mb: z.int().positive().default(10_000),
      pids: z.int().positive().default(4096),
      network: z.literal('none').default('none'),
    })
    .prefault({}),
});
export type TaskManifest = z.infer<typeof TaskManifest>;

/** How a prepared task presents itself to a program: environment variables of the run contract. */
export const runContractVariables = [
  'AIRA_TRAIN_DIR',
  'AIRA_EVAL_DIR',
  'AIRA_OUT_DIR',
  'AIRA_SEED',
  'AIRA_TIME_LIMIT_S',
  'AIRA_CPUS',
] as const;
