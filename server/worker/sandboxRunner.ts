/** Executions in sandboxes: one development sandbox for each session, a fresh one for each evaluation. */
import type { ExecutionRequest, ExecutionResult, SandboxSpec } from '../../protocol/worker.ts';
import { AgentSandbox, type SlotOptions } from './agentSandbox.ts';
import { type EvaluateRequest, runEvaluation } from './evaluation.ts';
import type { RunContext, Runner } from './runner.ts';
import type { SandboxDriver } from './sandbox/sandbox.ts';

interface Session {
  spec: SandboxSpec;
  /** Opened on first use; null before, and again when opening has failed. */
  agent: Promise<AgentSandbox> | null;
  /** The last call that was let in: a sandbox takes one at a time. */
  turn: Promise<unknown>;
  closed: boolean;
}

type SessionRequest = Exclude<ExecutionRequest, { kind: 'evaluate' }>;

export class SandboxRunner implements Runner {
  readonly #driver: SandboxDriver;
  readonly #slot: SlotOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #evaluations = new Map<Promise<unknown>, AbortController>();
  #opened = 0;

  constructor(driver: SandboxDriver, slot: SlotOptions) {
    this.#driver = driver;
    this.#slot = slot;
  }

  sessions(): string[] {
    return [...this.#sessions.keys()];
  }

  open(session: string, spec: SandboxSpec): boolean {
    if (this.#sessions.has(session)) {
      return true;
    }
    this.#sessions.set(session, { spec, agent: null, turn: Promise.resolve(), closed: false });
    return false;
  }

  async close(name: string): Promise<void> {
    const session = this.#sessions.get(name);
    if (session !== undefined) {
      this.#sessions.delete(name);
      await this.#end(session);
    }
  }

  async run(request: ExecutionRequest, context: RunContext): Promise<ExecutionResult> {
    if (request.kind === 'evaluate') {
      return await this.#evaluate(request, context);
    }
    const session = this.#sessions.get(request.session);
    if (session === undefined) {
      return infrastructureError(`session ${request.session} was closed`);
    }
    const result = session.turn.then(() => this.#inSession(session, request, context));
    session.turn = result.catch(() => undefined);
    return await result;
  }

  async killAll(): Promise<void> {
    for (const abort of this.#evaluations.values()) {
      abort.abort(new Error('the worker ends'));
    }
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled([...sessions.map((session) => this.#end(session)), ...this.#evaluations.keys()]);
  }

  async #evaluate(request: EvaluateRequest, { signal, onOutput }: RunContext): Promise<ExecutionResult> {
    const ending = new AbortController();
    const running = runEvaluation(this.#driver, request, {
      ...this.#slot,
      id: this.#opaqueId(),
      signal: AbortSignal.any([signal, ending.signal]),
      onOutput,
    });
    this.#evaluations.set(running, ending);
    try {
      return await running;
    } finally {
      this.#evaluations.delete(running);
    }
  }

  async #inSession(
    session: Session,
    request: SessionRequest,
    { signal, onOutput }: RunContext,
  ): Promise<ExecutionResult> {
    if (session.closed) {
      return infrastructureError(`session ${request.session} was closed`);
    }
    if (signal.aborted) {
      return notRun();
    }
    const agent = await this.#agentOf(session);
    // A cancellation may have come while the sandbox started.
    if (signal.aborted) {
      return notRun();
    }
    const interrupt = () => agent.interrupt();
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      switch (request.kind) {
        case 'bash':
          return await agent.bash(request.command, request.timeoutMs, onOutput);
        case 'python':
          return await agent.python(request.code, request.timeoutMs, onOutput);
        case 'export':
          return await agent.exportFiles(request);
      }
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
  }

  async #agentOf(session: Session): Promise<AgentSandbox> {
    session.agent ??= AgentSandbox.open(this.#driver, { ...this.#slot, id: this.#opaqueId(), spec: session.spec });
    try {
      const agent = await session.agent;
      if (session.closed) {
        await agent.close();
      }
      return agent;
    } catch (error) {
      session.agent = null;
      throw error;
    }
  }

  async #end(session: Session): Promise<void> {
    session.closed = true;
    const agent = session.agent;
    if (agent !== null) {
      await agent.then(
        (open) => open.close(),
        () => undefined, // It never opened; the call that tried has reported why.
      );
    }
    await session.turn;
  }

  #opaqueId(): string {
    this.#opened += 1;
    return `sandbox-${this.#opened}`;
  }
}

function infrastructureError(message: string): ExecutionResult {
  return { kind: 'infrastructure_error', message };
}

function notRun(): ExecutionResult {
  const text = 'The call was cancelled before its turn had come; it was not run.';
  return { kind: 'tool', outcome: 'interrupted', text, fullTextPath: null, exitCode: null, durationMs: 0 };
}
