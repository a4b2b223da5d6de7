/**
 * What an operator's agent is told, as data. `agent/prompt.ts` renders it as the first messages for language models; the
 * built-in researcher reads it as it is. It is stored with the trajectory, so that a resumed agent knows what the first
 * one knew. Search scores only: validation and test scores have no field here.
 */
import * as z from 'zod';
import { CandidateState, Operator } from '../../protocol/run.ts';
import { EvaluationMode } from '../../protocol/runSwitches.ts';
import { Direction, Modality, TaskManifest } from '../../protocol/task.ts';

/** A program as its files, path to text (UTF-8). */
export const ProgramText = z.record(z.string(), z.string());
export type ProgramText = z.infer<typeof ProgramText>;

export const ParentContext = z.object({
  id: z.int(),
  summary: z.string(),
  author: z.string(),
  program: ProgramText,
  /** Hidden search score, rounded as agents see it, with its standard error; null if it failed. */
  score: z.number().nullable(),
  standardError: z.number().nullable(),
  /** 1 is best, of `populationSize` scored candidates; null if it failed. */
  rank: z.number().nullable(),
  failure: z.string().nullable(),
  /** Seconds its evaluation took, and its cap. */
  runtimeS: z.number(),
  runtimeCapS: z.number(),
  /** Tail of its evaluation's log (of the search run only where there are several). */
  logTail: z.string(),
});
export type ParentContext = z.infer<typeof ParentContext>;

/** A line of history: what was tried from where, and what came of it. */
export const AttemptLine = z.object({
  id: z.int(),
  parents: z.array(z.int()),
  operator: Operator,
  /** Of one at work: the idea that it has stated, if any. */
  summary: z.string(),
  /** null while running, or if it failed. */
  score: z.number().nullable(),
  state: CandidateState,
  failure: z.string().nullable(),
});
export type AttemptLine = z.infer<typeof AttemptLine>;

export const TaskContext = z.object({
  id: z.string(),
  title: z.string(),
  modality: Modality,
  description: z.string(),
  warnings: z.array(z.string()),
  /** Markdown: files, rows, columns, types, missing values, samples of the public part. */
  dataCard: z.string(),
  metric: z.object({ name: z.string(), direction: Direction, optimum: z.number().nullable() }),
  prediction: TaskManifest.shape.prediction,
  target: z.array(z.string()),
  /** rolling_origin only. */
  horizon: z.int().nullable(),
  view: z.enum(['pooled', 'per_split']),
  run: z.array(z.string()),
});
export type TaskContext = z.infer<typeof TaskContext>;

export const OperatorContext = z.object({
  operator: z.enum(['draft', 'mutation', 'crossover']),
  task: TaskContext,
  /** Of the sandbox: CPUs, memory, GPU name or null. */
  hardware: z.object({ cpus: z.int(), memoryMb: z.int(), gpu: z.string().nullable() }),
  /** Seconds for one tool call, for the evaluation of a program, and for the whole trajectory. */
  limits: z.object({
    toolTimeoutS: z.number(),
    evaluationTimeoutS: z.number(),
    trajectoryS: z.number(),
    maxSteps: z.int(),
  }),
  /** Empty for a draft, one for a mutation, two for a crossover (`parents[0]` ranks better or equal). */
  parents: z.array(ParentContext),
  /** Ancestors of the parents, nearest first, at most 8. */
  lineage: z.array(AttemptLine),
  /** Other children of the same parents, finished or not. Among random drafts: others of them, without what came of them. */
  siblings: z.array(AttemptLine),
  /** What agents on other slots are at right now. */
  inFlight: z.array(AttemptLine),
  /** The best candidates of the population, at most 10, best first. */
  leaders: z.array(AttemptLine),
  /** For drafts: how many were started before this one (0 for the first), so that first drafts differ. */
  draftIndex: z.int(),
  populationSize: z.int(),
  /** Nothing is told of other agents, and nothing of this one to them: best-of-k. */
  isolated: z.boolean().optional(),
  /** `self-reported`: scores are what programs say of themselves. Absent: hidden. */
  evaluation: EvaluationMode.optional(),
  /** Words of a person for this assignment. */
  guidance: z.string().nullable(),
});
export type OperatorContext = z.infer<typeof OperatorContext>;
