/**
 * The contract between the agent server and a worker process. The worker dials back; both ends speak JSON-RPC 2.0.
 *
 * An *execution* is one unit of work with an id chosen by the server (`execId`). Starting it is idempotent: the same id
 * twice runs once. Its result is journalled by the worker and sent with `execution.finished` until the server has
 * acknowledged it, across reconnects. A worker knows no task semantics: it gets folders, commands and limits.
 */
import * as z from 'zod';
import { SandboxDriverName } from './run.ts';

export const protocolVersion = 1;

export const Limits = z.object({
  cpus: z.int().positive(),
  memoryMb: z.int().positive(),
  /** Size of each writable file system of the sandbox (/workspace, /tmp, /out), in MiB. */
  diskMb: z.int().positive(),
  pids: z.int().positive(),
});
export type Limits = z.infer<typeof Limits>;

/** A read-only folder of the host, shown inside the sandbox at `target` (absolute). */
export const Mount = z.object({ source: z.string(), target: z.string() });
export type Mount = z.infer<typeof Mount>;

/** A program is text: more than this is not a program. */
export const maxProgramFiles = 200;
export const maxProgramBytes = 8 * 1024 * 1024;
/** Nothing of the author's own: compiled caches, and what we keep of long outputs. */
export const skippedProgramFolders: readonly string[] = ['__pycache__', '.aira'];
const maxPathBytes = 1024;

/** True for `a/b.py`; false for absolute paths, `..`, `.`, empty parts and characters that are not text. */
export function isCleanPath(path: string): boolean {
  if (path === '' || new TextEncoder().encode(path).length > maxPathBytes || /[\p{Cc}\ufffd\\]/u.test(path))
    return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** A file of a program: path relative to the program's root, with `/`. */
export const ProgramFile = z.object({
  path: z.string().refine(isCleanPath, 'must be a clean relative path of a file, without ".." or a leading "/"'),
  contentBase64: z.string(),
});
export type ProgramFile = z.infer<typeof ProgramFile>;

function decodedBytes(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

/** The files of a whole program, within the limits of one. */
export const Program = z
  .array(ProgramFile)
  .min(1, 'a program has at least one file')
  .max(maxProgramFiles, `a program has at most ${maxProgramFiles} files`)
  .refine(
    (files) => files.reduce((bytes, file) => bytes + decodedBytes(file.contentBase64), 0) <= maxProgramBytes,
    `a program has at most ${maxProgramBytes / 2 ** 20} MiB`,
  );

/** What a sandbox is made of. `python` is a virtual environment on the worker's host, shown read-only at /opt/venv. */
export const SandboxSpec = z.object({
  mounts: z.array(Mount),
  environment: z.record(z.string(), z.string()),
  limits: Limits,
  /** Files laid into /workspace before anything runs. */
  files: z.array(ProgramFile),
  /** Image to use in place of the host's userland and `python`; drivers without images refuse it. */
  image: z.string().min(1).optional(),
});
export type SandboxSpec = z.infer<typeof SandboxSpec>;

export const GpuReading = z.object({
  uuid: z.string(),
  index: z.int(),
  name: z.string(),
  utilizationPercent: z.number().nullable(),
  memoryUsedMb: z.number().nullable(),
  memoryTotalMb: z.number().nullable(),
  temperatureC: z.number().nullable(),
  powerW: z.number().nullable(),
});
export type GpuReading = z.infer<typeof GpuReading>;

/** The executions a worker can be asked for. */
export const ExecutionRequest = z.discriminatedUnion('kind', [
  /** A stateful bash command in the development sandbox of `session` (made on first use from its spec). */
  z.object({ kind: z.literal('bash'), session: z.string(), command: z.string(), timeoutMs: z.number().positive() }),
  z.object({ kind: z.literal('python'), session: z.string(), code: z.string(), timeoutMs: z.number().positive() }),
  /** The files of a folder inside the development sandbox, read from inside. */
  z.object({
    kind: z.literal('export'),
    session: z.string(),
    directory: z.string(),
    maxFiles: z.int().positive(),
    maxBytes: z.int().positive(),
    /** Refused unless this file is there, is not empty, and was last written at most so long ago. */
    proof: z.object({ path: z.string(), withinMs: z.number().positive() }).optional(),
  }),
  /** A program from a clean slate in a sandbox of its own. */
  z.object({
    kind: z.literal('evaluate'),
    spec: SandboxSpec,
    command: z.array(z.string()).min(1),
    timeoutMs: z.number().positive(),
    /** Name of the file in /out to take out when the sandbox is dead. */
    output: z.string(),
    maxOutputBytes: z.int().positive(),
  }),
]);
export type ExecutionRequest = z.infer<typeof ExecutionRequest>;

export const ToolOutcome = z.enum(['ok', 'error', 'timeout', 'session_lost', 'interrupted']);

export const ExecutionResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('tool'),
    outcome: ToolOutcome,
    /** Bounded: head and tail of the output, with a notice in between naming `fullTextPath`. */
    text: z.string(),
    fullTextPath: z.string().nullable(),
    /** All of what `text` shows the ends of (its beginning, where it is very long), packed: it outlives the sandbox. */
    fullTextGzipBase64: z.string().optional(),
    exitCode: z.int().nullable(),
    durationMs: z.number(),
  }),
  z.object({ kind: z.literal('exported'), files: z.array(ProgramFile) }),
  z.object({ kind: z.literal('export_refused'), message: z.string() }),
  z.object({
    kind: z.literal('evaluated'),
    exitCode: z.int().nullable(),
    timedOut: z.boolean(),
    outOfMemory: z.boolean(),
    durationMs: z.number(),
    peakMemoryMb: z.number().nullable(),
    /** Bounded tail of standard output and error together. */
    log: z.string(),
    /** gzip of the output file, base64; null with the reason in `outputProblem`. */
    outputGzipBase64: z.string().nullable(),
    outputProblem: z.string().nullable(),
  }),
  /** The worker's or the machine's fault, never the program's (invariant 5): the server tries again elsewhere. */
  z.object({
    kind: z.literal('infrastructure_error'),
    message: z.string(),
    /** The worker's disk is full: trying again helps only when somebody has made room. */
    diskFull: z.literal(true).optional(),
  }),
]);
export type ExecutionResult = z.infer<typeof ExecutionResult>;

export const WorkerCapabilities = z.object({
  driver: SandboxDriverName,
  /** What the sandbox cannot hold a program to here, in words for a person, e.g. "memory limit". */
  notEnforced: z.array(z.string()),
  gpus: z.array(GpuReading),
});
export type WorkerCapabilities = z.infer<typeof WorkerCapabilities>;

/** What the launcher hands a worker on its standard input: one JSON line. Secrets are never in argv or environment. */
export const WorkerConfig = z.object({
  workerId: z.string(),
  slot: z.int().nonnegative(),
  /** `ws+unix:/path/of.sock:/worker` (see `unixUrl` in dial.ts) or `ws://127.0.0.1:port/worker`. */
  url: z.string(),
  token: z.string(),
  /** Folder of this worker's own: journal, sockets, full outputs. */
  directory: z.string(),
  driver: SandboxDriverName,
  /** Virtual environment shown to sandboxes at /opt/venv. */
  venv: z.string(),
  /** CPU numbers this slot may use; empty: all. */
  cpuList: z.array(z.int().nonnegative()),
  gpuUuid: z.string().nullable(),
  /** How long to go on without a server before giving up, in milliseconds. */
  graceMs: z.number().positive(),
  /** How often the server is pinged, in milliseconds; silence for two intervals ends the connection. Absent: 10 s. */
  keepAliveMs: z.number().positive().optional(),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;

const ack = z.object({});

/** Kinds of refusal (`RpcRefusal.kind`) that either end acts upon. */
export const workerRefusals = {
  /** The message belongs to an earlier lease. Its sender holds no lease, or has a newer one by now. */
  staleEpoch: 'stale_epoch',
  /** The worker was declared lost: its place is taken, it kills its sandboxes and exits. */
  revoked: 'revoked',
  /** Server and worker speak different versions of this protocol. */
  protocolMismatch: 'protocol_mismatch',
  /** The execution names a session that is not open on this worker. */
  unknownSession: 'unknown_session',
  /** The execution's result was acknowledged before: it is gone, and will not be made twice. */
  settled: 'settled',
  /** The worker is on its way out. */
  shuttingDown: 'shutting_down',
} as const;

/** Requests the server sends to a worker. */
export const serverToWorker = {
  /**
   * Declares the development sandbox of an agent; made lazily, idempotent. `kept`: the session was open already, with
   * whatever state its sandbox has.
   */
  'session.open': {
    params: z.object({ session: z.string(), spec: SandboxSpec }),
    result: z.object({ kept: z.boolean() }),
  },
  /** Kills the sandbox and forgets the session. */
  'session.close': { params: z.object({ session: z.string() }), result: ack },
  /** Accepts an execution (or recognises it). The result comes with `execution.finished`. */
  'execution.start': {
    params: z.object({ execId: z.string(), epoch: z.int(), request: ExecutionRequest }),
    result: z.object({ state: z.enum(['accepted', 'running', 'finished']) }),
  },
  'execution.cancel': { params: z.object({ execId: z.string() }), result: ack },
  /** Nobody will ever ask for these results: they may be dropped. Unknown ids are fine. */
  'execution.forget': { params: z.object({ execIds: z.array(z.string()) }), result: ack },
  'lease.renew': {
    params: z.object({ epoch: z.int() }),
    result: z.object({
      gpus: z.array(GpuReading),
      /** Why `gpus` cannot be trusted (telemetry silent, device gone), in words; null if all is well. */
      gpuProblem: z.string().nullable(),
    }),
  },
  /** Finish nothing more, kill all sandboxes, exit 0. */
  shutdown: { params: z.object({}), result: ack },
} as const;

/** Requests a worker sends to the server. */
export const workerToServer = {
  hello: {
    params: z.object({
      protocol: z.int(),
      build: z.string(),
      workerId: z.string(),
      slot: z.int(),
      pid: z.int(),
      /** The epoch of the last lease it held, 0 if none. */
      epoch: z.int(),
      capabilities: WorkerCapabilities,
      /** Sessions whose sandboxes are alive, and executions it has (running, or finished and unacknowledged). */
      sessions: z.array(z.string()),
      executions: z.array(z.string()),
    }),
    /** A new epoch; results that carry an older one are refused. */
    result: z.object({ epoch: z.int(), leaseMs: z.number() }),
  },
  'execution.finished': {
    params: z.object({ execId: z.string(), epoch: z.int(), result: ExecutionResult }),
    /**
     * accepted: durable at the server, the worker drops it. unclaimed: nobody has asked for this execution yet (the
     * server was restarted); the worker keeps it until it is started again under the same id, or forgotten.
     */
    result: z.object({ state: z.enum(['accepted', 'unclaimed']) }),
  },
  /** A live, bounded piece of output of a running execution, sent as a notification. Lossy by design. */
  'execution.output': { params: z.object({ execId: z.string(), text: z.string() }), result: ack },
} as const;
