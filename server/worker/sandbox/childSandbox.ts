/**
 * A sandbox whose first process is a descendant of the worker: bubblewrap's and Apptainer's. Its standard input is the
 * lifeline: when the worker's end closes, the first process ends, and all others with it.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { SandboxDriverName } from '../../../protocol/run.ts';
import { hasCode } from '../../../protocol/thrown.ts';
import { collect } from './collect.ts';
import type { MakeFifos } from './fifo.ts';
import { InitChannel } from './initChannel.ts';
import type { MemoryAccount } from './memoryAccount.ts';
import { descendants } from './processTree.ts';
import {
  type Sandbox,
  SandboxDeadError,
  type SandboxedProcess,
  type SandboxProcess,
  SandboxStartError,
} from './sandbox.ts';

const startDeadlineMs = 30_000;

export interface ChildStart {
  driver: SandboxDriverName;
  id: string;
  /** Makes the pipes of its processes, in its control folder. */
  makeFifos: MakeFifos;
  notEnforced: readonly string[];
  /** Host's number of the first process inside; null while it is not known. */
  initPid: () => number | null;
  /** Asked once, when the sandbox is ready. */
  memory: () => MemoryAccount | null;
  /** Frees what the sandbox held, once all in it is dead. */
  clean: () => Promise<void>;
  /** What a failed start most likely means, from what was said. */
  explain: (said: string) => string;
}

export class ChildSandbox implements Sandbox {
  readonly id: string;
  readonly notEnforced: readonly string[];
  readonly ownsProcessIds = true;
  readonly exited: Promise<void>;
  dead = false;
  readonly #child: ChildProcess;
  readonly #channel: InitChannel;
  readonly #memory: MemoryAccount | null;
  readonly #findInit: () => number | null;
  #init: number | null = null;

  private constructor(child: ChildProcess, channel: InitChannel, start: ChildStart) {
    this.id = start.id;
    this.notEnforced = start.notEnforced;
    this.#child = child;
    this.#channel = channel;
    this.#findInit = start.initPid;
    this.#memory = start.memory();
    this.exited = new Promise((resolve) => {
      child.once('exit', () => {
        this.dead = true;
        channel.close();
        start.clean().then(resolve, () => resolve());
      });
    });
  }

  /** Waits until the first process inside is ready. @throws {SandboxStartError} with the child killed */
  static async begin(child: ChildProcess, start: ChildStart): Promise<ChildSandbox> {
    const { driver, id, makeFifos } = start;
    const said = collect(child.stderr);
    const streams = { stdin: child.stdin as Writable, stdout: child.stdout as Readable };
    const channel = new InitChannel(streams, id, makeFifos);
    const failed = new Promise<never>((_, reject) => {
      const fail = (why: string) => reject(new SandboxStartError(driver, why, start.explain(why)));
      child.once('error', (error) => fail(error.message));
      child.once('close', (code) => fail(said().trim() || `it ended with status ${code}`));
      setTimeout(() => fail('it was not ready in 30 s'), startDeadlineMs).unref();
    });
    try {
      await Promise.race([channel.ready, failed]);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    failed.catch(() => undefined); // Past the start, its end is `exited`.
    return new ChildSandbox(child, channel, start);
  }

  async spawn(command: readonly string[], options: { directory?: string } = {}): Promise<SandboxProcess> {
    if (this.dead) throw new SandboxDeadError(this.id, `cannot start ${command[0]}`);
    return this.#channel.spawn(command, options.directory ?? '/workspace');
  }

  #initPid(): number | null {
    this.#init ??= this.#findInit();
    return this.#init;
  }

  path(inside: string): string {
    return inside;
  }

  async processes(): Promise<SandboxedProcess[]> {
    const init = this.#initPid();
    return init === null || this.dead ? [] : descendants(init);
  }

  signal(target: Pick<SandboxedProcess, 'hostPid'>, signal: NodeJS.Signals): void {
    if (this.dead) return;
    try {
      process.kill(target.hostPid, signal);
    } catch (error) {
      if (!hasCode(error, 'ESRCH')) throw error;
    }
  }

  peakMemoryMb(): number | null {
    const bytes = this.#memory?.peakBytes() ?? null;
    return bytes === null ? null : bytes / 1024 / 1024;
  }

  outOfMemoryKills(): number {
    return this.#memory?.kills() ?? 0;
  }

  async kill(): Promise<void> {
    // The first process is the one whose end ends all others; the child only waits for it.
    const init = this.#initPid();
    if (!this.dead && init !== null) this.signal({ hostPid: init }, 'SIGKILL');
    if (!this.dead) this.#child.kill('SIGKILL');
    await this.exited;
  }
}
