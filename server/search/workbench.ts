/** An agent's workbench on a worker slot: its sandbox there, and the slot's device while it computes. */
import {
  type ExecutionRequest,
  type ExecutionResult,
  maxProgramBytes,
  maxProgramFiles,
  type SandboxSpec,
} from '../../protocol/worker.ts';
import type { Collected, FreshFile, ToolOutcome, Workbench } from '../agent/workbench.ts';
import type { WorkerSlot } from '../workers/contract.ts';

/** The worker or its machine failed; the assignment is put back (invariant 5). */
export class InfrastructureFault extends Error {
  override readonly name = 'InfrastructureFault';
}

export class SlotWorkbench implements Workbench {
  readonly kept: boolean;
  readonly #slot: WorkerSlot;
  readonly #session: string;
  readonly #signal: AbortSignal;

  private constructor(slot: WorkerSlot, session: string, signal: AbortSignal, kept: boolean) {
    this.#slot = slot;
    this.#session = session;
    this.#signal = signal;
    this.kept = kept;
  }

  static async open(slot: WorkerSlot, session: string, spec: SandboxSpec, signal: AbortSignal): Promise<SlotWorkbench> {
    const { kept } = await slot.openSession(session, spec, { signal });
    return new SlotWorkbench(slot, session, signal, kept);
  }

  bash(execId: string, command: string, timeoutMs: number, commit: (result: ToolOutcome) => Promise<void>) {
    return this.#tool(execId, { kind: 'bash', session: this.#session, command, timeoutMs }, commit);
  }

  python(execId: string, code: string, timeoutMs: number, commit: (result: ToolOutcome) => Promise<void>) {
    return this.#tool(execId, { kind: 'python', session: this.#session, code, timeoutMs }, commit);
  }

  collect(
    execId: string,
    directory: string,
    commit: (result: Collected) => Promise<void>,
    proof?: FreshFile,
  ): Promise<void> {
    const request: ExecutionRequest = {
      kind: 'export',
      session: this.#session,
      directory,
      maxFiles: maxProgramFiles,
      maxBytes: maxProgramBytes,
      ...(proof === undefined ? {} : { proof }),
    };
    return this.#execute(execId, request, (result) => {
      if (result.kind === 'exported') return commit({ files: result.files });
      if (result.kind === 'export_refused') return commit({ refused: result.message });
      return null;
    });
  }

  #tool(execId: string, request: ExecutionRequest, commit: (result: ToolOutcome) => Promise<void>): Promise<void> {
    const work = () => this.#execute(execId, request, (result) => (result.kind === 'tool' ? commit(result) : null));
    return this.#slot.withDevice(work, { priority: 'tool', signal: this.#signal });
  }

  /** @param take makes a result durable, or returns null for one that is not an answer to this request */
  async #execute(
    execId: string,
    request: ExecutionRequest,
    take: (result: ExecutionResult) => Promise<void> | null,
  ): Promise<void> {
    let fault: InfrastructureFault | null = null;
    const commit = async (result: ExecutionResult) => {
      const taken = take(result);
      if (taken === null) fault = unexpected(result, execId);
      else await taken;
    };
    await this.#slot.execute(execId, request, { signal: this.#signal, commit });
    if (fault !== null) throw fault;
  }
}

function unexpected(result: ExecutionResult, execId: string): InfrastructureFault {
  if (result.kind === 'infrastructure_error') return new InfrastructureFault(`${execId}: ${result.message}`);
  return new InfrastructureFault(`${execId}: the worker answered with ${result.kind}`);
}
