/** What the search and the agents see of workers: slots that open sessions and carry out executions. */
import type { Logger } from 'pino';
import type { SandboxDriverName } from '../../protocol/run.ts';
import type {
  ExecutionRequest,
  ExecutionResult,
  GpuReading,
  SandboxSpec,
  WorkerCapabilities,
} from '../../protocol/worker.ts';
import type { Endpoint } from '../transport/endpoint.ts';
import type { WorkerLauncher } from './launcher.ts';

/**
 * starting: launched, no hello yet. ready: connected, lease held. disconnected: no connection, lease still good.
 * suspect: lease expired, waiting out the grace. relaunching: the worker was lost. failed: it would not start again.
 */
export type SlotState = 'starting' | 'ready' | 'disconnected' | 'suspect' | 'relaunching' | 'failed' | 'closed';

export interface SlotStatus {
  slot: number;
  state: SlotState;
  /** The present lease, 0 before the first. */
  epoch: number;
  pid: number | null;
  gpuUuid: string | null;
  cpuList: number[];
  gpus: GpuReading[];
  gpuProblem: string | null;
  sessions: string[];
  running: string[];
}

export type PoolEvent =
  | { type: 'slot_state'; slot: number; state: SlotState; detail: string }
  /** `adopted`: the worker of a previous server, with its sandboxes alive. */
  | { type: 'slot_ready'; slot: number; epoch: number; adopted: boolean; capabilities: WorkerCapabilities }
  /** Told once for each worker that is lost, after the executions that went with it have been rejected. */
  | { type: 'slot_lost'; slot: number; reason: string; sessions: string[]; executions: string[] }
  | { type: 'telemetry'; slot: number; gpus: GpuReading[]; problem: string | null };

export interface ExecuteOptions {
  /** Aborting cancels the execution at the worker; `execute` then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Live output: bounded pieces, some of which may be missing. */
  onOutput?: (text: string) => void;
  /**
   * Makes the result durable. The worker keeps its copy until this has resolved, so that a server killed in between
   * gets the result again by executing the same `execId`. Without it, the result counts as taken when it arrives.
   */
  commit?: (result: ExecutionResult) => Promise<void>;
}

export type DevicePriority = 'evaluation' | 'tool';

/** One worker's place: 1:1 with a GPU where there are any (§3.2). Outlives the worker process that fills it. */
export interface WorkerSlot {
  readonly index: number;
  status(): SlotStatus;
  /** What the worker said it can and cannot hold a program to; null before its first hello. */
  capabilities(): WorkerCapabilities | null;
  /**
   * Declares a development sandbox, on the present worker or the next one. Idempotent. `kept`: it was open already (an
   * adopted worker), state and all.
   * @throws SlotFailedError no worker will come here.
   */
  openSession(session: string, spec: SandboxSpec, options?: { signal?: AbortSignal }): Promise<{ kept: boolean }>;
  /** Kills the sandbox and forgets the session and its results. Never rejects for a lost worker: it is gone then. */
  closeSession(session: string): Promise<void>;
  /** Sessions that are open on the live worker. */
  sessions(): string[];
  /**
   * Runs `request` once, whatever happens to the connection in between: the same `execId` never runs twice on one
   * worker, and one that the worker has carried out already (before a server restart) gives its result.
   * @throws WorkerLostError the worker was declared lost, or the session was lost with an earlier one.
   *   SlotFailedError no worker will come here. Nothing else that happens to connections shows.
   */
  execute(execId: string, request: ExecutionRequest, options?: ExecuteOptions): Promise<ExecutionResult>;
  /** Executions the worker has that nobody has asked for since this server started. */
  unclaimed(): string[];
  /** Lets the worker drop unclaimed results. */
  forget(execIds: string[]): Promise<void>;
  /**
   * Runs `work` while nobody else holds this slot's device: with several agents per slot, evaluations go before tool
   * calls, each in the order of asking.
   */
  withDevice<T>(work: () => Promise<T>, options?: { priority?: DevicePriority; signal?: AbortSignal }): Promise<T>;
}

export interface PoolTiming {
  /** From launch to hello. Default 30 s. */
  helloMs: number;
  /** Without a renewal for this long, a worker is suspect. Default 60 s. */
  leaseMs: number;
  /** Default 10 s. */
  renewEveryMs: number;
  /** How long a suspect worker (and a worker without a server) may still come back. Default 15 min. */
  graceMs: number;
  /** How long a restarted server waits for the workers of its predecessor before it replaces them. Default 20 s. */
  adoptMs: number;
  /** From `close` to SIGKILL. Default 10 s. */
  shutdownMs: number;
  /** Deadline of one small request. Default 20 s. */
  requestMs: number;
  /** How long a cancelled execution may take to end before the caller is let go. Default 30 s. */
  cancelWaitMs: number;
  /** How often the operating system is asked whether a worker's process is alive. Default 1 s. */
  watchEveryMs: number;
  /** How often either end of a connection pings the other; silence for two intervals ends it. Default 10 s. */
  keepAliveMs: number;
}

export interface WorkerPoolOptions {
  /** The pool serves its `worker` role. */
  endpoint: Endpoint;
  /** Workers' records, folders and logs; made with mode 0700. A server restarted on the same folder adopts them. */
  stateDirectory: string;
  slots: number;
  driver: SandboxDriverName;
  /** Virtual environment that sandboxes see at /opt/venv. */
  venv: string;
  /** CPU numbers of each slot. Default: the CPUs this process may use, divided among the slots. */
  cpuLists?: number[][];
  /** GPU of each slot, by uuid. Default: the inventory of this host, one GPU per slot, null where there are too few. */
  gpuUuids?: (string | null)[];
  log: Logger;
  onEvent?: (event: PoolEvent) => void;
  timing?: Partial<PoolTiming>;
  /** How worker processes are started and ended. Default: as detached processes of this host. */
  launcher?: WorkerLauncher;
}
