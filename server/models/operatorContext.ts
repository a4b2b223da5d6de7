/**
 * What an operator's agent is told, as data. `agent/context.ts` renders it as the first messages for language models;
 * the built-in researcher reads it as it is. Search scores only: validation and test scores have no field here.
 */
import type { Direction, Modality, TaskManifest } from '../../protocol/task.ts';

/** A program as its files, path to text (UTF-8). */
export type ProgramText = Record<string, string>;

export interface ParentContext {
  id: number;
  summary: string;
  author: string;
  program: ProgramText;
  /** Hidden search score, rounded as agents see it, with its standard error; null if it failed (a person may fork that). */
  score: number | null;
  standardError: number | null;
  /** 1 is best, of `populationSize` scored candidates; null if it failed. */
  rank: number | null;
  failure: string | null;
  /** Seconds its evaluation took, and its cap. */
  runtimeS: number;
  runtimeCapS: number;
  /** Tail of its evaluation's log (of the search run only where there are several). */
  logTail: string;
}

/** A line of history: what was tried from where, and what came of it. */
export interface AttemptLine {
  id: number;
  parents: number[];
  operator: 'draft' | 'mutation' | 'crossover' | 'human';
  summary: string;
  /** null while running, or if it failed. */
  score: number | null;
  state: 'running' | 'evaluating' | 'scored' | 'failed' | 'abandoned';
  failure: string | null;
}

export interface TaskContext {
  id: string;
  title: string;
  modality: Modality;
  description: string;
  warnings: string[];
  /** Markdown: files, rows, columns, types, missing values, samples of the public part. */
  dataCard: string;
  metric: { name: string; direction: Direction; optimum: number | null };
  prediction: TaskManifest['prediction'];
  target: string[];
  /** rolling_origin only. */
  horizon: number | null;
  view: 'pooled' | 'per_split';
  run: string[];
}

export interface OperatorContext {
  operator: 'draft' | 'mutation' | 'crossover';
  task: TaskContext;
  /** Of the sandbox: CPUs, memory, GPU name or null; seconds for one tool call and for the evaluation of a program. */
  hardware: { cpus: number; memoryMb: number; gpu: string | null };
  limits: { toolTimeoutS: number; evaluationTimeoutS: number; trajectoryS: number; maxSteps: number };
  /** Empty for a draft, one for a mutation, two for a crossover (`parents[0]` ranks better or equal). */
  parents: ParentContext[];
  /** Ancestors of the parents, nearest first, at most 8. */
  lineage: AttemptLine[];
  /** Other children of the same parents, finished or not. */
  siblings: AttemptLine[];
  /** What agents on other slots are at right now. */
  inFlight: AttemptLine[];
  /** The best candidates of the population, at most 10, best first. */
  leaders: AttemptLine[];
  /** For drafts: how many were started before this one (0 for the first), so that first drafts differ. */
  draftIndex: number;
  populationSize: number;
  /** Words of a person for this assignment. */
  guidance: string | null;
}
