/**
 * What a client (extension, command line) asks of the agent server, and what the server tells it unasked. Everything that
 * changes a run is an event in its log first: an answer to a request never tells more than the events do.
 */
import * as z from 'zod';
import {
  ConnectionReport,
  DoctorReport,
  KeyProvider,
  MachineFacts,
  ManifestProblem,
  OfferedModel,
  ProgramEntry,
  ProtocolRange,
  ServerInfo,
  SlotView,
  TaskCheck,
  TaskDetails,
  TaskListing,
  TrajectoryItem,
} from './clientViews.ts';
import { CallRates, CostEstimate, Price, RunBudget } from './cost.ts';
import {
  BudgetExtension,
  Candidate,
  CandidateId,
  maxRepeats,
  PersonRequest,
  RunEvent,
  RunId,
  RunSummary,
  SandboxDriverName,
} from './run.ts';
import { EvaluationMode, OperatorMode, SearchMode } from './runSwitches.ts';
import { Program } from './worker.ts';

const run = RunId;
const ack = z.object({});
const queued = z.object({ request: z.string() });
/** Of what a person writes, in characters. */
export const maxGuidance = 8000;
export const maxSummary = 2000;
const guidance = z.string().max(maxGuidance).optional();
/** A built-in task's id, `id@version`, or the path of a manifest or its folder on the server's machine. */
const reference = z.string().min(1).max(4096);
const ofCandidate = { run, candidate: CandidateId };
/**
 * A client's own name for what it asks for, a random one. Asked again under it, after a lost connection say, the server joins
 * what is under way or answers what has come of it: nothing is begun twice. What it stands for in a run is in the run's
 * log, so that this holds across servers, too.
 */
const operation = z.string().min(1).max(200);
/** A path within a program or an output folder: relative, with `/`, no `..`. The server checks it again. */
const relativePath = z.string().min(1).max(1024);

/** Largest frame that a client sends, in bytes: a program of 8 MiB in base64, with room around it. */
export const maxClientFrameBytes = 16 * 1024 * 1024;
/** Largest frame that a client takes: the snapshot of a run of some 50,000 candidates. */
export const maxServerFrameBytes = 64 * 1024 * 1024;

/** What a person chooses for a new run. Absent: the server's default, as `run.plan` shows it. */
export const RunSettings = z.object({
  model: z.string().max(500).optional(),
  workers: z.int().min(1).max(256).optional(),
  agentsPerSlot: z.int().min(1).max(16).optional(),
  candidates: z.int().positive().optional(),
  hours: z.number().positive().optional(),
  seed: z.int().nonnegative().optional(),
  temperature: z.number().positive().optional(),
  crossover: z.number().min(0).max(1).optional(),
  drafts: z.int().positive().optional(),
  maxSteps: z.int().min(2).optional(),
  search: SearchMode.optional(),
  operators: OperatorMode.optional(),
  evaluation: EvaluationMode.optional(),
  budget: RunBudget.optional(),
  rates: CallRates.optional(),
  sandbox: SandboxDriverName.optional(),
  image: z.string().min(1).optional(),
  /** For a model without a known price. */
  price: Price.optional(),
});
export type RunSettings = z.infer<typeof RunSettings>;

/** A whole run as of `lastSeq`: what its events up to there mean. */
export const RunSnapshot = z.object({
  summary: RunSummary,
  candidates: z.array(Candidate),
  /** Requests of a person that no candidate serves yet, oldest first. */
  pending: z.array(z.object({ request: z.string(), body: PersonRequest })),
  lastSeq: z.int().nonnegative(),
  /** When the present stretch of activity began, null while paused or down: see `activeMsAt`. */
  activeSince: z.number().nullable(),
});
export type RunSnapshot = z.infer<typeof RunSnapshot>;

export const clientToServer = {
  /** First on every connection; anything else before it is refused. */
  hello: {
    params: z.object({
      protocol: ProtocolRange,
      build: z.string(),
      kind: z.enum(['vscode', 'cli', 'other']),
      /** Names the window for the log and for models it offers. */
      name: z.string().max(200),
    }),
    result: z.object({ protocol: z.int(), server: ServerInfo }),
  },
  'server.get': { params: z.object({}), result: ServerInfo },
  /**
   * `idle`: end if no run is live, else refuse. `drain`: take no new run, end after the last. `handover`: interrupt live
   * runs so that another server can take them up, with their workers left at work, and end.
   */
  'server.stop': { params: z.object({ how: z.enum(['idle', 'drain', 'handover']) }), result: ack },

  'machine.get': { params: z.object({}), result: MachineFacts },
  'machine.doctor': { params: z.object({ model: z.string().optional() }), result: DoctorReport },
  /** Makes the Python environment of scorer and sandboxes. Long; tells its steps as `progress`. */
  'environment.setUp': { params: z.object({ operation }), result: MachineFacts },

  /** For this server's life, in its memory. null takes it back. Never logged, never in a run, never in a sandbox. */
  'keys.set': { params: z.object({ provider: KeyProvider, key: z.string().min(1).max(1000).nullable() }), result: ack },
  /** One real call that forces a tool call; for servers that may truncate, a long prompt too. */
  'model.test': { params: z.object({ model: z.string() }), result: ConnectionReport },
  /** Models of this client's editor. Replaces the former offer; ends with the connection: runs on them park. */
  'models.offer': { params: z.object({ models: z.array(OfferedModel).max(100) }), result: ack },
  /** What any attached client offers now. */
  'models.offered': { params: z.object({}), result: z.object({ models: z.array(OfferedModel) }) },

  /**
   * Built-in and prepared tasks, and those whose manifests lie below these folders (to a depth of 3), as far as can be looked
   * in a few seconds. `notice`: what was left out.
   */
  'tasks.list': {
    params: z.object({ folders: z.array(z.string().max(4096)).max(64) }),
    result: z.object({ tasks: z.array(TaskListing), notice: z.string().nullable() }),
  },
  'task.get': { params: z.object({ task: reference }), result: TaskDetails },
  'task.validate': { params: z.object({ task: reference }), result: z.object({ problems: z.array(ManifestProblem) }) },
  /** Long; tells its steps as `progress` under this operation. */
  'task.prepare': { params: z.object({ task: reference, operation }), result: TaskListing },
  'task.check': { params: z.object({ task: reference, operation }), result: TaskCheck },

  'runs.list': {
    params: z.object({}),
    result: z.object({
      runs: z.array(RunSummary),
      problems: z.array(z.object({ run: z.string(), problem: z.string() })),
    }),
  },
  /** From now on `run.changed` and `run.deleted` come for every run. */
  'runs.watch': { params: z.object({}), result: ack },
  /** What a run with these settings would be: completed settings, estimate, price and what a person should know before. */
  'run.plan': {
    params: z.object({ task: reference, settings: RunSettings }),
    result: z.object({
      settings: RunSettings,
      estimate: CostEstimate.nullable(),
      price: Price.nullable(),
      modelLabel: z.string(),
      warnings: z.array(z.string()),
    }),
  },
  /** Prepares the task where that is needed, tries the model, and starts. Long; tells its steps as `progress`. */
  'run.start': {
    params: z.object({ task: reference, settings: RunSettings, operation }),
    result: z.object({ run }),
  },
  'run.get': { params: z.object({ run }), result: RunSummary },
  /** The whole run as of `lastSeq`; `run.follow` from there on misses nothing. */
  'run.snapshot': {
    params: z.object({ run }),
    result: RunSnapshot,
  },
  'run.events': {
    params: z.object({ run, sinceSeq: z.int().nonnegative(), limit: z.int().min(1).max(2000) }),
    result: z.object({ events: z.array(RunEvent), lastSeq: z.int().nonnegative() }),
  },
  /**
   * Events after `sinceSeq` as `run.events` notifications: history first, then live, no gap and no repeat. Following the
   * same run again replaces the subscription. A reader that is too slow is told with `run.lagging` and follows again.
   */
  'run.follow': { params: z.object({ run, sinceSeq: z.int().nonnegative() }), result: ack },
  'run.unfollow': { params: z.object({ run }), result: ack },
  /** Has a run go on: takes up one that is interrupted, and ends a pause. */
  'run.resume': { params: z.object({ run }), result: ack },
  /** No new assignments; agents at work finish what they do. */
  'run.pause': { params: z.object({ run }), result: ack },
  'run.unpause': { params: z.object({ run }), result: ack },
  /** Starts nothing new, lets agents at work come to their end, then selects. */
  'run.finish': { params: z.object({ run }), result: ack },
  /** Ends agents at once and selects. `now` gives up evaluations that are under way too. */
  'run.stop': { params: z.object({ run, now: z.boolean() }), result: ack },
  /** Also of a run that is down, and of one that has come to the end of its budget but has not been unsealed. */
  'run.extend': { params: z.object({ run, by: BudgetExtension }), result: ack },
  /** Opens validation and test scores before the end, once and for all; the run says so wherever it shows. */
  'run.unseal': { params: z.object({ run }), result: ack },
  /** Only of a run that is not live. */
  'run.delete': { params: z.object({ run }), result: ack },
  'run.report': { params: z.object({ run }), result: z.object({ markdown: z.string(), path: z.string().nullable() }) },
  'run.fork': { params: z.object({ run, parent: CandidateId, guidance, operation }), result: queued },
  'run.cross': {
    params: z.object({ run, parents: z.tuple([CandidateId, CandidateId]), guidance, operation }),
    result: queued,
  },
  'run.submit': {
    params: z.object({
      run,
      parent: CandidateId.optional(),
      summary: z.string().min(1).max(maxSummary),
      files: Program,
      operation,
    }),
    result: queued,
  },
  /** What every slot of every live run does, as `workers.changed`, at most once a second. */
  'workers.watch': { params: z.object({ on: z.boolean() }), result: ack },

  'candidate.mark': {
    params: z.object({ ...ofCandidate, pinned: z.boolean().optional(), excluded: z.boolean().optional() }),
    result: ack,
  },
  /** Runs its program again so many times, each with a seed that it has not had. Its score stays; the others stand beside it. */
  'candidate.reevaluate': {
    params: z.object({ ...ofCandidate, times: z.int().min(1).max(maxRepeats), operation }),
    result: queued,
  },
  /** Writes program, environment and (once unsealed) predictions to a folder on the server's machine. */
  'candidate.export': {
    params: z.object({ run, candidate: CandidateId.nullable(), to: z.string().min(1).max(4096) }),
    result: z.object({ candidate: CandidateId, directory: z.string(), files: z.array(z.string()) }),
  },
  'candidate.files': {
    params: z.object(ofCandidate),
    result: z.object({ files: z.array(ProgramEntry), directory: z.string() }),
  },
  'candidate.file': {
    params: z.object({ ...ofCandidate, path: relativePath }),
    result: z.object({ contentBase64: z.string() }),
  },
  /** Of its evaluation: the bounded tail of standard output and error. */
  'candidate.log': { params: z.object(ofCandidate), result: z.object({ text: z.string() }) },
  /** A page of its trajectory. `total`: how many events there are by now. */
  'trajectory.page': {
    params: z.object({ ...ofCandidate, from: z.int().nonnegative(), limit: z.int().min(1).max(1000) }),
    result: z.object({ items: z.array(TrajectoryItem), total: z.int().nonnegative() }),
  },
  /** New events from this index on, as `trajectory.events`, until `trajectory.unfollow` or the end of the connection. */
  'trajectory.follow': { params: z.object({ ...ofCandidate, from: z.int().nonnegative() }), result: ack },
  'trajectory.unfollow': { params: z.object(ofCandidate), result: ack },
  /** All of an output of which the observation shows the ends, in pieces. Gone (null) when it was not kept. */
  'trajectory.output': {
    params: z.object({ ...ofCandidate, index: z.int().nonnegative(), offset: z.int().nonnegative() }),
    result: z.object({ text: z.string(), bytes: z.int().nonnegative(), nextOffset: z.int().nullable() }).nullable(),
  },
} as const;

/** Messages of a conversation with a model of the client's editor: `ChatModel`, without what only the engine needs. */
export const BridgedPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('call'), id: z.string(), name: z.string(), arguments: z.unknown() }),
  z.object({ type: z.literal('result'), callId: z.string(), name: z.string(), text: z.string(), isError: z.boolean() }),
]);
export type BridgedPart = z.infer<typeof BridgedPart>;
export const BridgedMessage = z.object({ role: z.enum(['user', 'model']), parts: z.array(BridgedPart) });
export type BridgedMessage = z.infer<typeof BridgedMessage>;

/** `quota`, `no_permission`, …: refusals (`RpcRefusal.kind`) that a client answers `model.generate` with. */
export const bridgeRefusals = {
  noPermission: 'no_permission',
  notFound: 'not_found',
  blocked: 'blocked',
  quota: 'quota',
  failed: 'failed',
} as const;

export const serverToClient = {
  /** Notification. Events of a followed run, in order, at most 10 batches a second. */
  'run.events': { params: z.object({ run, events: z.array(RunEvent) }), result: ack },
  /** Notification. The subscription has ended because this client reads too slowly; follow again from what it has. */
  'run.lagging': { params: z.object({ run }), result: ack },
  /** Notification. A run is new or its summary has changed; at most twice a second for each. */
  'run.changed': { params: z.object({ summary: RunSummary }), result: ack },
  'run.deleted': { params: z.object({ run }), result: ack },
  'trajectory.events': { params: z.object({ ...ofCandidate, items: z.array(TrajectoryItem) }), result: ack },
  'workers.changed': { params: z.object({ run, slots: z.array(SlotView) }), result: ack },
  /** Notification. A step of a long request, under the operation's name that the client gave it. */
  progress: { params: z.object({ operation: z.string(), message: z.string() }), result: ack },
  /** Notification. */
  'server.changed': { params: z.object({ server: ServerInfo }), result: ack },
  /** Request: asks a model that this client has offered. Cancelled when the server gives up on the answer. */
  'model.generate': {
    params: z.object({
      model: z.string(),
      system: z.string(),
      messages: z.array(BridgedMessage),
      tools: z.array(
        z.object({ name: z.string(), description: z.string(), parameters: z.record(z.string(), z.unknown()) }),
      ),
      toolMode: z.enum(['auto', 'required', 'none']),
    }),
    result: z.object({
      parts: z.array(BridgedPart),
      /** Counted by the editor, null where it cannot. */
      inputTokens: z.int().nonnegative().nullable(),
      outputTokens: z.int().nonnegative().nullable(),
    }),
  },
} as const;

/** Kinds of refusal (`RpcRefusal.kind`) that clients act upon. */
export const clientRefusals = {
  /** Say hello first, or the versions do not meet. */
  hello: 'hello',
  notFound: 'not_found',
  /** What was asked for cannot be done now; the message says why and what to do. */
  refused: 'refused',
  /** The server ends when its runs have ended: start another for new ones. */
  draining: 'draining',
  /** The model's key is missing or wrong. */
  key: 'key',
  /** Something of the machine is missing: Python, a sandbox. */
  environment: 'environment',
  badInput: 'bad_input',
} as const;

/** Where a server listens: in its home's `server/` (one for each user and machine), and in a run's own folder. Mode 0600. */
export const Discovery = z.object({
  protocol: z.int(),
  pid: z.int(),
  url: z.string(),
  token: z.string(),
  /** Of an agent server; a run hosted by a command in the foreground has none. */
  build: z.string().optional(),
  buildTime: z.number().optional(),
  startedAt: z.number().optional(),
});
export type Discovery = z.infer<typeof Discovery>;
