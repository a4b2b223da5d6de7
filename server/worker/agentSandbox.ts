/** The development sandbox of one agent: bash and Python over the same files, opened anew, with a clear word, if it dies. */
import type { ExecutionRequest, ExecutionResult, SandboxSpec } from '../../protocol/worker.ts';
import { ExportRefusedError, layFiles, readFiles, requireFresh } from './sandbox/files.ts';
import { type Sandbox, SandboxDeadError, type SandboxDriver, type SandboxOptions } from './sandbox/sandbox.ts';
import { BashSession } from './sessions/bash.ts';
import { PythonSession } from './sessions/python.ts';
import { withNotes } from './sessions/resultText.ts';
import type { CallOptions, ToolResult } from './sessions/toolResult.ts';

type ExportRequest = Extract<ExecutionRequest, { kind: 'export' }>;
export type ExportResult = Extract<ExecutionResult, { kind: 'exported' | 'export_refused' }>;

/** What a worker knows of itself and every sandbox of its slot gets. */
export interface SlotOptions {
  slot: number;
  cpuList: number[];
  gpuUuid: string | null;
  venv: string;
}

export interface AgentSandboxOptions extends SlotOptions {
  /** Opaque. */
  id: string;
  spec: SandboxSpec;
}

/** Options of a driver for a specification on a slot. */
export function sandboxOptions(id: string, slot: SlotOptions, spec: SandboxSpec): SandboxOptions {
  const { mounts, environment, limits, image } = spec;
  return { id, ...slot, mounts, environment, limits, ...(image === undefined ? {} : { image }) };
}

interface Opened {
  sandbox: Sandbox;
  bash: BashSession;
  python: PythonSession;
}

export class AgentSandbox {
  readonly #driver: SandboxDriver;
  readonly #options: AgentSandboxOptions;
  #opened: Opened | null = null;
  /** Of the call that runs: ends it. */
  #current: AbortController | null = null;
  #generation = 0;
  #outputs = 0;
  #closed = false;
  /** The call before, which the next one waits for. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(driver: SandboxDriver, options: AgentSandboxOptions) {
    this.#driver = driver;
    this.#options = options;
  }

  /** Starts the sandbox, lays the files of the specification into /workspace, and a shell. @throws {SandboxStartError} */
  static async open(driver: SandboxDriver, options: AgentSandboxOptions): Promise<AgentSandbox> {
    const agent = new AgentSandbox(driver, options);
    await agent.#open();
    return agent;
  }

  /** What this sandbox cannot hold a program to, in words. */
  get notEnforced(): readonly string[] {
    return this.#driver.notEnforced;
  }

  /** Runs a command in the shell. Calls of both tools take turns. @throws {SandboxStartError} if none can be had */
  bash(command: string, timeoutMs: number, onOutput?: (text: string) => void): Promise<ToolResult> {
    return this.#call(({ bash }, options) => bash.run(command, options), { timeoutMs, onOutput });
  }

  /** Runs code in the kernel, as `bash` does. */
  python(code: string, timeoutMs: number, onOutput?: (text: string) => void): Promise<ToolResult> {
    return this.#call(({ python }, options) => python.run(code, options), { timeoutMs, onOutput });
  }

  /** Ends whatever runs; its call returns with the outcome `interrupted`. */
  interrupt(): void {
    this.#current?.abort();
  }

  /** Reads the regular files below a folder, from inside; a relative path is below /workspace. */
  async exportFiles(request: Omit<ExportRequest, 'kind' | 'session'>): Promise<ExportResult> {
    const sandbox = this.#opened?.sandbox;
    if (sandbox === undefined || sandbox.dead) {
      return { kind: 'export_refused', message: 'The sandbox has ended, and all its files are lost.' };
    }
    const { directory, proof } = request;
    const absolute = directory.startsWith('/') ? directory : `/workspace/${directory}`;
    try {
      if (proof !== undefined) await requireFresh(sandbox, sandbox.path(proof.path), proof.withinMs);
      return { kind: 'exported', files: await readFiles(sandbox, sandbox.path(absolute), request) };
    } catch (error) {
      if (error instanceof ExportRefusedError) return { kind: 'export_refused', message: error.message };
      if (!(error instanceof SandboxDeadError)) throw error;
      return { kind: 'export_refused', message: 'The sandbox ended while its files were read; all of them are lost.' };
    }
  }

  /** Kills the sandbox. Idempotent; resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opened?.sandbox.kill();
  }

  async #open(): Promise<Opened> {
    this.#generation += 1;
    const { id, spec } = this.#options;
    const { slot, cpuList, gpuUuid, venv } = this.#options;
    const sandbox = await this.#driver.start(
      sandboxOptions(`${id}-${this.#generation}`, { slot, cpuList, gpuUuid, venv }, spec),
    );
    try {
      const fileName = () => {
        this.#outputs += 1;
        return `${this.#outputs}.txt`;
      };
      const [bash] = await Promise.all([
        BashSession.open(sandbox, fileName),
        layFiles(sandbox, '/workspace', spec.files),
      ]);
      if (this.#closed) throw new SandboxDeadError(id, 'it was closed while it started');
      this.#opened = { sandbox, bash, python: new PythonSession(sandbox, fileName) };
      return this.#opened;
    } catch (error) {
      await sandbox.kill();
      throw error;
    }
  }

  #call(run: (opened: Opened, options: CallOptions) => Promise<ToolResult>, options: CallOptions): Promise<ToolResult> {
    const result = this.#turn.then(() => this.#take(run, options));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #take(
    run: (opened: Opened, options: CallOptions) => Promise<ToolResult>,
    options: CallOptions,
  ): Promise<ToolResult> {
    const begun = performance.now();
    if (this.#closed) throw new SandboxDeadError(this.#options.id, 'it was closed');
    const opened = this.#opened;
    if (opened === null || opened.sandbox.dead) return this.#reopen(begun, 'was not run: the sandbox had ended', '');
    const { sandbox } = opened;
    const killsBefore = sandbox.outOfMemoryKills();
    let result: ToolResult;
    try {
      this.#current = new AbortController();
      result = await run(opened, { ...options, signal: this.#current.signal });
    } catch (error) {
      if (!(error instanceof SandboxDeadError)) throw error;
      return this.#reopen(begun, 'was cut off: the sandbox ended', '');
    } finally {
      this.#current = null;
    }
    const notes: string[] = [];
    if (sandbox.outOfMemoryKills() > killsBefore) notes.push(this.#outOfMemory());
    const text = withNotes(result.text, notes);
    if (!sandbox.dead || this.#closed) return { ...result, text };
    return this.#reopen(begun, 'was cut off: the sandbox ended', text);
  }

  #outOfMemory(): string {
    const { memoryMb } = this.#options.spec.limits;
    return (
      `Out of memory: the sandbox reached its limit of ${memoryMb} MiB and the kernel killed a process. ` +
      'Files in /workspace, /tmp and /dev/shm count towards it'
    );
  }

  async #reopen(begun: number, what: string, shown: string): Promise<ToolResult> {
    await this.#opened?.sandbox.kill();
    this.#opened = null;
    await this.#open();
    const lost =
      `The call ${what}. Everything in it is lost: files in /workspace, the shell and all Python variables. ` +
      'A fresh sandbox, as at the start, is ready';
    const text = withNotes(shown, [lost]);
    const durationMs = performance.now() - begun;
    return { kind: 'tool', outcome: 'session_lost', text, fullTextPath: null, exitCode: null, durationMs };
  }
}
