/** A stateful Python for an agent: a Jupyter kernel with bounded time and output, started when it is first needed. */
import type { Sandbox } from '../sandbox/sandbox.ts';
import { Kernel, type KernelEnd, KernelStartError } from './kernel.ts';
import { agentBounds, OutputWindow } from './outputWindow.ts';
import { composeText, LateOutput } from './resultText.ts';
import { type CallOptions, LiveOutput, StopRequest, sayDuration, type ToolResult } from './toolResult.ts';

const maxCodeBytes = 1024 * 1024;
/** How long Python may take to notice an interrupt; code in C may never do. */
export const interruptGraceMs = 2_000;
const lost = 'All its variables and imports are lost; files are kept. A new kernel starts with the next call.';

export class PythonSession {
  readonly #sandbox: Sandbox;
  readonly #fileName: () => string;
  readonly #late = new LateOutput();
  #kernel: Promise<Kernel> | null = null;

  /** @param fileName names the next file of an output too long to show */
  constructor(sandbox: Sandbox, fileName: () => string) {
    this.#sandbox = sandbox;
    this.#fileName = fileName;
  }

  /** Starts the kernel if there is none, and waits until it is ready. @throws {KernelStartError} */
  async ready(): Promise<Kernel> {
    this.#kernel ??= Kernel.start(this.#sandbox, this.#late.write);
    const kernel = await this.#kernel;
    await kernel.ready;
    return kernel;
  }

  /** Time to start the kernel does not count towards `timeoutMs`. */
  async run(code: string, options: CallOptions): Promise<ToolResult> {
    const begun = performance.now();
    const tell = (outcome: ToolResult['outcome'], text: string): ToolResult => {
      const durationMs = performance.now() - begun;
      return { kind: 'tool', outcome, text, fullTextPath: null, exitCode: null, durationMs };
    };
    if (Buffer.byteLength(code) > maxCodeBytes) {
      return tell('error', '[The code was not run: it is longer than 1 MiB. Put long data into files.]');
    }
    if (this.#kernel !== null && !(await this.#kernel.then((kernel) => kernel.alive).catch(() => false))) {
      const cause = await this.#forget();
      return tell(
        'session_lost',
        `[The code was not run: the Python kernel had ended since the last call: ${cause}\n${lost}]`,
      );
    }
    let kernel: Kernel;
    try {
      kernel = await this.ready();
    } catch (error) {
      await this.#forget();
      if (this.#sandbox.dead) return tell('session_lost', '[The code was not run: the whole sandbox has ended.]');
      const why = error instanceof KernelStartError ? error.message : String(error);
      return tell('session_lost', `[The code was not run. ${why.trim()}]`);
    }
    if (options.signal?.aborted === true) return tell('interrupted', '[Interrupted before the code was run]');
    return this.#execute(kernel, code, options);
  }

  async #execute(kernel: Kernel, code: string, options: CallOptions): Promise<ToolResult> {
    const begun = performance.now();
    const late = await this.#late.take();
    const window = new OutputWindow(agentBounds, { sandbox: this.#sandbox, name: this.#fileName });
    const live = new LiveOutput(options.onOutput);
    const ended = kernel.execute(code, (text) => {
      window.write(text, kernel.source);
      live.write(text);
    });
    const { end, stopped, killed } = await this.#await(kernel, ended, options);
    const durationMs = performance.now() - begun;
    live.flush();
    const shown = await window.finish();
    const notes: string[] = [];
    const what = stopped === 'timeout' ? `Timed out after ${sayDuration(options.timeoutMs)}` : 'Interrupted';
    if (stopped !== null && !killed) notes.push(`${what}: the code was interrupted; variables are kept`);
    if (killed) notes.push(`${what}: the code did not stop when interrupted, so the kernel was killed. ${lost}`);
    else if (end.how === 'died') notes.push(`The Python kernel died: ${kernel.cause()}\n${lost}`);
    if (end.how === 'died') await this.#forget();
    const text = late + composeText(shown, null, notes);
    const finished = end.how === 'done' && end.status === 'ok' ? 'ok' : 'error';
    const outcome = end.how === 'died' ? 'session_lost' : (stopped ?? finished);
    const { fullTextPath, fullTextGzipBase64: packed } = shown;
    const handed = packed === undefined ? {} : { fullTextGzipBase64: packed };
    return { kind: 'tool', outcome, text, fullTextPath, ...handed, exitCode: null, durationMs };
  }

  /** Waits for the end of the code; at its deadline, or when asked to, interrupts it, then kills the kernel. */
  async #await(kernel: Kernel, ended: Promise<KernelEnd>, options: CallOptions) {
    const stop = new StopRequest(options);
    try {
      const first = await Promise.race([ended, stop.asked]);
      if (typeof first !== 'string') return { end: first, stopped: null, killed: false };
      kernel.interrupt();
      const grace = new Promise<null>((resolve) => setTimeout(() => resolve(null), interruptGraceMs));
      const end = await Promise.race([ended, grace]);
      if (end !== null) return { end, stopped: first, killed: false };
      await kernel.kill();
      const died: KernelEnd = { how: 'died' };
      return { end: died, stopped: first, killed: true };
    } finally {
      stop.dispose();
    }
  }

  /** Lets go of a kernel that is dead or useless. @returns why it died */
  async #forget(): Promise<string> {
    const kernel = await this.#kernel?.catch(() => null);
    this.#kernel = null;
    await kernel?.kill();
    return kernel?.cause() ?? 'it could not be started';
  }
}
