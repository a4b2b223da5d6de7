/** How a worker process comes to be and to its end, wherever it runs. */
import type { WorkerConfig } from '../../protocol/worker.ts';

/** Enough to find the process again after this server has been restarted. */
export interface WorkerProcessId {
  pid: number;
  /** Kernel's start time of that pid, in clock ticks since boot: tells a process from a later one with its number. */
  startTime: string;
}

export interface WorkerLauncher {
  /**
   * Starts the worker detached and hands it its configuration. Resolves when it runs, not when it has said hello. Its
   * log goes to `worker.log` in `config.directory`, which exists.
   */
  launch(config: WorkerConfig): Promise<WorkerProcessId>;
  /** The process behind a pid that a worker gave in its hello, null if there is none. */
  identify(pid: number): WorkerProcessId | null;
  isAlive(process: WorkerProcessId): boolean;
  /** Ends it without asking. Resolves when it is gone, false if it is still there at the deadline. */
  kill(process: WorkerProcessId, deadlineMs: number): Promise<boolean>;
}
