/**
 * What the extension host and its webviews say to each other, panel by panel. A panel holds no truth: it begins with
 * `reset`, goes on with what has changed since, and can be thrown away and made again from its `PanelState` at any time.
 * What comes out of a webview is checked by the host: model output is shown in there.
 */
import * as z from 'zod';
import { RunSettings, type RunSnapshot } from './client.ts';
import type {
  ConnectionReport,
  MachineFacts,
  OfferedModel,
  SlotView,
  TaskListing,
  TrajectoryItem,
} from './clientViews.ts';
import type { CostEstimate, Price } from './cost.ts';
import { type Candidate, CandidateId, type RunEvent, RunId, type RunSummary } from './run.ts';

export const panelKinds = ['trajectory', 'dashboard', 'compare', 'start'] as const;
export type PanelKind = (typeof panelKinds)[number];

/** All that a webview keeps (`setState`): what it shows, never what that looks like. */
export const PanelState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('trajectory'), run: RunId, candidate: CandidateId }),
  z.object({ kind: z.literal('dashboard'), run: RunId, tab: z.string().max(40).optional() }),
  z.object({ kind: z.literal('compare'), runs: z.array(RunId).max(200) }),
  z.object({ kind: z.literal('start'), task: z.string().max(4096).nullable() }),
]);
export type PanelState = z.infer<typeof PanelState>;

/** To every panel: whether what it shows is still coming in, and from which machine. */
export interface LinkMessage {
  type: 'link';
  state: 'connected' | 'reconnecting' | 'stopped';
  host: string;
}

/** Names of commands that a panel may ask for, without their prefix `aira2.`; the host decides whether they apply. */
export const PanelCommand = z.enum([
  'openProgram',
  'openTrajectory',
  'openDashboard',
  'compareWithParent',
  'compareWithBest',
  'fork',
  'markCrossoverParent',
  'cross',
  'editAndSubmit',
  'pin',
  'unpin',
  'exclude',
  'include',
  'reevaluate',
  'export',
  'openLog',
  'copyReference',
  'revealArtefacts',
  'revealInTree',
  'unseal',
  'pause',
  'resume',
  'stop',
  'finish',
  'extend',
  'report',
  'connect',
  'setUpEnvironment',
]);
export type PanelCommand = z.infer<typeof PanelCommand>;

const ready = z.object({ type: z.literal('ready') });
const command = z.object({
  type: z.literal('command'),
  command: PanelCommand,
  run: RunId.optional(),
  candidates: z.array(CandidateId).max(2),
});
const copy = z.object({ type: z.literal('copy'), text: z.string().max(2_000_000) });

// ── Trajectory ──────────────────────────────────────────────────────────────────────────────────────────────────────

export type ToTrajectoryPanel =
  | LinkMessage
  /** `items` is a first page; the panel asks for others as it scrolls. `title`: of the run's task. */
  | { type: 'reset'; run: RunSummary; title: string; candidate: Candidate; items: TrajectoryItem[]; total: number }
  | { type: 'items'; items: TrajectoryItem[]; total: number }
  | { type: 'candidate'; candidate: Candidate }
  /** Its state, or whether its scores are sealed, has changed. */
  | { type: 'run'; run: RunSummary }
  /** A piece of a full output. `text` null: it was not kept. */
  | { type: 'output'; index: number; offset: number; text: string | null; bytes: number; nextOffset: number | null };

export const FromTrajectoryPanel = z.discriminatedUnion('type', [
  ready,
  command,
  copy,
  z.object({ type: z.literal('page'), from: z.int().nonnegative(), limit: z.int().min(1).max(1000) }),
  z.object({ type: z.literal('output'), index: z.int().nonnegative(), offset: z.int().nonnegative() }),
]);
export type FromTrajectoryPanel = z.infer<typeof FromTrajectoryPanel>;

// ── Dashboard of one run ────────────────────────────────────────────────────────────────────────────────────────────

export interface ReferenceLine {
  kind: 'baseline' | 'medal';
  name: string;
  score: number;
}

export type ToDashboardPanel =
  | LinkMessage
  | {
      type: 'reset';
      summary: RunSummary;
      title: string;
      candidates: Candidate[];
      /** Of the snapshot (`RunSnapshot`): `events` go on from here, and are folded with `applyEvent`. */
      lastSeq: number;
      pending: RunSnapshot['pending'];
      activeSince: number | null;
      references: ReferenceLine[];
      selected: CandidateId | null;
    }
  | { type: 'events'; events: RunEvent[] }
  | { type: 'slots'; slots: SlotView[] }
  /** A candidate was selected elsewhere (the tree). */
  | { type: 'select'; candidate: CandidateId | null };

export const FromDashboardPanel = z.discriminatedUnion('type', [
  ready,
  command,
  copy,
  z.object({ type: z.literal('select'), candidate: CandidateId.nullable() }),
  z.object({ type: z.literal('tab'), tab: z.string().max(40) }),
]);
export type FromDashboardPanel = z.infer<typeof FromDashboardPanel>;

// ── Comparison of runs ──────────────────────────────────────────────────────────────────────────────────────────────

/** What a curve is drawn from: each candidate that has ended, in order. */
export interface ComparedRun {
  summary: RunSummary;
  /** Active milliseconds of the run at the end of each candidate, its number, and its search score (null: failed). */
  points: { activeMs: number; candidate: CandidateId; search: number | null; test: number | null }[];
}

export type ToComparePanel =
  | LinkMessage
  /** `available`: runs of the same task that could be shown too. */
  | { type: 'reset'; title: string; runs: ComparedRun[]; available: RunSummary[]; references: ReferenceLine[] }
  | { type: 'run'; run: ComparedRun };

export const FromComparePanel = z.discriminatedUnion('type', [
  ready,
  command,
  copy,
  z.object({ type: z.literal('runs'), runs: z.array(RunId).max(200) }),
]);
export type FromComparePanel = z.infer<typeof FromComparePanel>;

// ── Start form ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface RunPlan {
  settings: RunSettings;
  estimate: CostEstimate | null;
  price: Price | null;
  modelLabel: string;
  warnings: string[];
}

export type ToStartPanel =
  | LinkMessage
  | {
      type: 'reset';
      tasks: TaskListing[];
      task: string | null;
      settings: RunSettings;
      machine: MachineFacts;
      offered: OfferedModel[];
      /** Providers for which a key is known. */
      keys: string[];
    }
  /** Answers the `plan` message with the same number; older answers are to be ignored. */
  | { type: 'plan'; number: number; plan: RunPlan }
  | { type: 'problem'; number: number; message: string }
  | { type: 'tested'; report: ConnectionReport }
  | { type: 'keys'; keys: string[] }
  | { type: 'starting'; message: string }
  | { type: 'failed'; message: string };

export const FromStartPanel = z.discriminatedUnion('type', [
  ready,
  command,
  z.object({ type: z.literal('plan'), number: z.int(), task: z.string().max(4096), settings: RunSettings }),
  z.object({ type: z.literal('test'), model: z.string().max(500) }),
  z.object({ type: z.literal('setKey'), provider: z.string().max(40) }),
  z.object({ type: z.literal('start'), task: z.string().max(4096), settings: RunSettings }),
]);
export type FromStartPanel = z.infer<typeof FromStartPanel>;
