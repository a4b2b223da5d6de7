/**
 * A sandbox that is a container of an engine. Nobody stands between worker and container: its first process listens on
 * pipes of the control folder, and ends, and all with it, when the worker's ends of them close.
 */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { hasCode } from '../../../protocol/thrown.ts';
import { type ContainerEngine, EngineCommandError } from './containerEngine.ts';
import type { FifoTriple, MakeFifos } from './fifo.ts';
import { InitChannel } from './initChannel.ts';
import { type MemoryAccount, memoryAccountOfProcess } from './memoryAccount.ts';
import { descendants } from './processTree.ts';
import {
  type Sandbox,
  SandboxDeadError,
  type SandboxedProcess,
  type SandboxProcess,
  SandboxStartError,
} from './sandbox.ts';

const startDeadlineMs = 60_000;
const pipesId = '0';

export interface ContainerStart {
  engine: ContainerEngine;
  /** Of the sandbox. */
  id: string;
  /** The sandbox's folder on the host; its last name is the container's. */
  folder: string;
  /** Makes the pipes of the container and of its processes, in its control folder. */
  makeFifos: MakeFifos;
  /** Words of the engine that start the container, detached. */
  words: readonly string[];
  cpuList: readonly number[];
  /** Finds the number of the first process once the container has started. */
  initPid: (name: string) => Promise<number>;
  notEnforced: readonly string[];
  /** What to do about a start that failed, from what the engine said. */
  explain: (said: string) => string;
}

export class ContainerSandbox implements Sandbox {
  readonly id: string;
  readonly notEnforced: readonly string[];
  readonly ownsProcessIds = true;
  readonly exited: Promise<void>;
  dead = false;
  readonly #channel: InitChannel;
  readonly #initPid: number;
  readonly #memory: MemoryAccount | null;
  readonly #remove: () => Promise<void>;

  private constructor(
    start: ContainerStart,
    pipes: FifoTriple,
    channel: InitChannel,
    initPid: number,
    remove: () => Promise<void>,
  ) {
    this.id = start.id;
    this.notEnforced = start.notEnforced;
    this.#channel = channel;
    this.#initPid = initPid;
    this.#memory = memoryAccountOfProcess(initPid);
    this.#remove = remove;
    this.exited = new Promise((resolve) => {
      pipes.stdout.once('close', () => {
        this.#readAccount();
        this.dead = true;
        channel.close();
        pipes.release();
        this.#remove().then(resolve, () => resolve());
      });
    });
  }

  /** @throws {SandboxStartError} with nothing left behind but `folder` */
  static async begin(start: ContainerStart): Promise<ContainerSandbox> {
    const { engine, id, folder, makeFifos } = start;
    const name = basename(folder);
    const pipes = await makeFifos(pipesId);
    const channel = new InitChannel(pipes, id, makeFifos);
    let said = '';
    pipes.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(0, 4096);
    });
    try {
      await engine.command(start.words, startDeadlineMs, { cpuList: start.cpuList });
      const pid = await start.initPid(name);
      await readyOrOver(channel, pid, () => said);
      // From now on the pipes end with the container, and with the worker.
      pipes.connected();
      return new ContainerSandbox(
        start,
        pipes,
        channel,
        pid,
        once(() => clean(engine, name, folder)),
      );
    } catch (error) {
      pipes.release();
      await engine.remove(name);
      const problem = error instanceof EngineCommandError ? lastLines(error.said) : String((error as Error).message);
      throw new SandboxStartError(engine.name, problem, start.explain(problem));
    }
  }

  async spawn(command: readonly string[], options: { directory?: string } = {}): Promise<SandboxProcess> {
    if (this.dead) throw new SandboxDeadError(this.id, `cannot start ${command[0]}`);
    return this.#channel.spawn(command, options.directory ?? '/workspace');
  }

  path(inside: string): string {
    return inside;
  }

  async processes(): Promise<SandboxedProcess[]> {
    return this.dead ? [] : descendants(this.#initPid);
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

  /** The engine removes the group with the container: what it has counted is read while it is there. */
  #readAccount(): void {
    this.#memory?.peakBytes();
    this.#memory?.kills();
  }

  async kill(): Promise<void> {
    this.#readAccount();
    // The end of the first process is the end of all others, sooner than the engine would get to it.
    this.signal({ hostPid: this.#initPid }, 'SIGKILL');
    await this.exited;
  }
}

async function readyOrOver(channel: InitChannel, pid: number, said: () => string): Promise<void> {
  const until = performance.now() + startDeadlineMs;
  let ready = false;
  channel.ready.then(() => {
    ready = true;
  });
  while (!ready) {
    if (descendants(pid).length === 0) throw new Error(said().trim() || 'its first process ended before it was ready');
    if (performance.now() > until) throw new Error(`it was not ready in ${startDeadlineMs / 1000} s`);
    await Promise.race([channel.ready, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
}

async function clean(engine: ContainerEngine, name: string, folder: string): Promise<void> {
  await engine.remove(name);
  await rm(folder, { recursive: true, force: true });
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= work();
    return done;
  };
}

/** Engines warn of this and that before they say what is wrong. */
function lastLines(said: string): string {
  const errors = said.split('\n').filter((line) => !/level=(warning|info)/.test(line));
  return errors.join(' ').trim() || said;
}
