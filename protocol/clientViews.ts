/** What the agent server shows to clients beside runs and candidates: itself, its machine, tasks, workers, models. */
import * as z from 'zod';
import { CandidateId, RunId, SandboxDriverName } from './run.ts';
import { SplitName } from './task.ts';
import { TrajectoryEvent } from './trajectory.ts';
import { GpuReading } from './worker.ts';

const count = z.int().nonnegative();
const at = z.number().describe('milliseconds since the epoch');

/** The range of this contract that one end speaks. They meet at the highest version that both have. */
export const ProtocolRange = z.object({ min: z.int().positive(), max: z.int().positive() });
export const clientProtocol: z.infer<typeof ProtocolRange> = { min: 1, max: 1 };

export const ServerInfo = z.object({
  /** Which code it runs: version and, where known, the moment it was built. Only for people and for upgrades. */
  build: z.string(),
  /** Orders builds: a client with a larger one may offer an upgrade. */
  buildTime: z.number(),
  pid: z.int(),
  startedAt: at,
  /** The machine it runs on, as it calls itself, and the user. */
  host: z.string(),
  user: z.string(),
  home: z.string(),
  log: z.string(),
  /** It hosts no new run and ends when the last one has ended. */
  draining: z.boolean(),
  clients: count,
  liveRuns: z.array(RunId),
});
export type ServerInfo = z.infer<typeof ServerInfo>;

export const TaskListing = z.object({
  id: z.string(),
  version: z.int(),
  title: z.string(),
  modality: z.string(),
  metric: z.object({ name: z.string(), direction: z.string() }),
  builtin: z.boolean(),
  prepared: z.boolean(),
  counts: z.object({ train: count, search: count, validation: count, test: count }).nullable(),
  /** Why it cannot be used, if it cannot. */
  problem: z.string().nullable(),
  /** Path of its manifest on the server's machine; null where only the prepared data is left. */
  manifest: z.string().nullable(),
});
export type TaskListing = z.infer<typeof TaskListing>;

export const TaskDetails = z.object({
  listing: TaskListing,
  description: z.string(),
  dataCard: z.string().nullable(),
  /** Scores on the test split of reference programs, where the manifest names some. */
  baselines: z.array(z.object({ name: z.string(), score: z.number(), how: z.string().optional() })),
  /** Names of medals and the score that each takes, best first, where the manifest names some. */
  medals: z.array(z.object({ name: z.string(), score: z.number() })),
});
export type TaskDetails = z.infer<typeof TaskDetails>;

/** One fault of a manifest, where it is, and what to write instead. Lines and columns from 1. */
export const ManifestProblem = z.object({
  file: z.string(),
  line: z.int().positive().nullable(),
  column: z.int().positive().nullable(),
  message: z.string(),
  fix: z.string().nullable(),
});
export type ManifestProblem = z.infer<typeof ManifestProblem>;

export const TaskCheck = z.object({
  task: z.string(),
  passed: z.boolean(),
  findings: z.array(z.object({ name: z.string(), status: z.enum(['ok', 'failed', 'warning']), detail: z.string() })),
  splits: z.array(
    z.object({
      split: SplitName,
      rows: count,
      /** Mean and deviation of a numeric target, or the share of each class. */
      targets: z.record(z.string(), z.number()),
      sample: z.object({ score: z.number(), standardError: z.number() }).nullable(),
    }),
  ),
});
export type TaskCheck = z.infer<typeof TaskCheck>;

export const DoctorReport = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['ok', 'limited', 'missing']),
      detail: z.string(),
      fix: z.string().nullable(),
    }),
  ),
});
export type DoctorReport = z.infer<typeof DoctorReport>;

export const MachineFacts = z.object({
  cpus: z.int().positive(),
  gpus: z.array(GpuReading),
  /** Drivers that are installed, the recommended one first. Whether they work, `doctor` finds out. */
  sandboxes: z.array(SandboxDriverName),
  /** null: Python is ready. Else what is missing; `environment.setUp` makes it. */
  pythonProblem: z.string().nullable(),
  /** Variables of model keys that are set in the server's environment. */
  keyVariables: z.array(z.string()),
});
export type MachineFacts = z.infer<typeof MachineFacts>;

/** A provider whose key a client can hand to the server; it is kept in memory only. */
export const KeyProvider = z.enum(['gemini', 'openai']);
export type KeyProvider = z.infer<typeof KeyProvider>;

/** Variables in which a provider's key is looked for, the first before the second. */
export const keyVariables = {
  gemini: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'],
  openai: ['OPENAI_API_KEY'],
} as const satisfies Record<KeyProvider, readonly [string, ...string[]]>;

export const ConnectionReport = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), model: z.string(), detail: z.string(), durationMs: z.number() }),
  /** `auth`: the key is missing or refused. */
  z.object({ ok: z.literal(false), kind: z.string(), message: z.string() }),
]);
export type ConnectionReport = z.infer<typeof ConnectionReport>;

/** What a slot's agent does at this moment, as the panel shows it. */
export const SlotActivity = z.object({
  candidate: CandidateId,
  /** `thinking`, a tool's name, `evaluating`, `starting`, … */
  doing: z.string(),
  since: at,
});
export type SlotActivity = z.infer<typeof SlotActivity>;

export const SlotView = z.object({
  slot: count,
  /** `ready`, `starting`, `lost`, `failed`, …: as the pool names it. */
  state: z.string(),
  detail: z.string(),
  pid: z.int().nullable(),
  gpuUuid: z.string().nullable(),
  gpus: z.array(GpuReading),
  gpuProblem: z.string().nullable(),
  /** One for each agent that is at work here, oldest first. */
  activities: z.array(SlotActivity),
});
export type SlotView = z.infer<typeof SlotView>;

export const ProgramEntry = z.object({ path: z.string(), bytes: count });
export type ProgramEntry = z.infer<typeof ProgramEntry>;

/** A trajectory event with its place in the log. What only the engine reads (`native`, `context`) is left out. */
export const TrajectoryItem = z.object({ index: count, event: TrajectoryEvent });
export type TrajectoryItem = z.infer<typeof TrajectoryItem>;

/** A model that the editor of a client offers for the time that it is attached. */
export const OfferedModel = z.object({
  id: z.string().regex(/^[\w.:/-]{1,200}$/),
  label: z.string(),
  maxInputTokens: z.int().positive(),
});
export type OfferedModel = z.infer<typeof OfferedModel>;
