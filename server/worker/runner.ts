/** What carries out executions: the sandboxes of this worker, behind one function. */
import type { ExecutionRequest, ExecutionResult, SandboxSpec } from '../../protocol/worker.ts';

export interface RunContext {
  /** Aborted by a cancellation: what runs is interrupted, and the result says so: never that a program failed. */
  signal: AbortSignal;
  /** Live output: a few small pieces a second. */
  onOutput: (text: string) => void;
}

export interface Runner {
  /** Ids of the sessions that were opened and not closed. */
  sessions(): string[];
  /** Declares a session; its sandbox starts on first use. @returns whether it was open already */
  open(session: string, spec: SandboxSpec): boolean;
  /** Kills the session's sandbox. Resolves when nothing of it is left. */
  close(session: string): Promise<void>;
  /** Faults of the machine come back as `infrastructure_error`, never as a rejection. */
  run(request: ExecutionRequest, context: RunContext): Promise<ExecutionResult>;
  /** Kills all sandboxes. Nothing runs after that. */
  killAll(): Promise<void>;
}

/** The session an execution belongs to; null for an evaluation. */
export function sessionOf(request: ExecutionRequest): string | null {
  return request.kind === 'evaluate' ? null : request.session;
}
