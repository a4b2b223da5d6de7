/** A real agent server, in a process and a home of its own, and clients of it: everything is gone when it is disposed. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Discovery } from '../../protocol/client.ts';
import { readDiscovery, type ServerPaths, serverPaths } from '../../protocol/discovery.ts';
import { findOrStart } from '../../protocol/findServer.ts';
import { AgentServerClient, type AgentServerClientOptions, localServer } from '../../protocol/serverClient.ts';
import { runDirectory, runPaths } from '../../server/store/home.ts';
import { processStartTime } from '../../server/store/processLock.ts';
import { listRunIds } from '../../server/store/runStore.ts';
import { endWorkers } from '../../server/workers/endWorkers.ts';
import { endProcessesOf } from '../vscode/target/processes.ts';
import { venv } from './linearTask.ts';

/** A server starts in a second; a machine that does twenty other things may take a hundred times as long. */
const startMs = 240_000;

const program = fileURLToPath(new URL('../../bin/aira2.js', import.meta.url));

export interface TestServerOptions {
  /** Beside PATH; keys of the machine are left out. */
  environment?: Record<string, string>;
  /** Of `aira2 serve`. */
  args?: string[];
}

export class TestServer implements AsyncDisposable {
  readonly home: string;
  readonly paths: ServerPaths;
  readonly command: string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly #clients: AgentServerClient[] = [];
  /** Processes that were seen as servers. */
  readonly #pids = new Set<number>();

  private constructor(home: string, { environment = {}, args = [] }: TestServerOptions) {
    this.home = home;
    this.paths = serverPaths(home);
    this.command = [process.execPath, program, 'serve', ...args];
    this.environment = { PATH: process.env.PATH ?? '', HOME: home, AIRA2_VENV: venv, ...environment };
  }

  /** Only a home: nothing is started yet. */
  static async inNewHome(options: TestServerOptions = {}): Promise<TestServer> {
    return new TestServer(await mkdtemp(join(tmpdir(), 'aira2-server-')), options);
  }

  /** Finds or starts it. */
  async start(): Promise<Discovery> {
    const found = await findOrStart({
      home: this.home,
      command: this.command,
      environment: this.environment,
      waitMs: startMs,
    });
    this.#pids.add(found.pid);
    return found;
  }

  /** Where the present one is. @throws if there is none */
  async discovery(): Promise<Discovery> {
    const found = await readDiscovery(this.paths.discovery);
    if (found === null) throw new Error('no server is to be found');
    this.#pids.add(found.pid);
    return found;
  }

  /** A connected client, which starts servers as windows do. */
  async client(options: Partial<AgentServerClientOptions> = {}): Promise<AgentServerClient> {
    const { home, command, environment } = this;
    const client = new AgentServerClient({
      target: localServer({ home, command, environment, waitMs: startMs }),
      kind: 'other',
      name: 'test',
      build: 'test',
      log: { warn: () => undefined },
      maxBackoffMs: 500,
      ...options,
    });
    this.#clients.push(client);
    await client.ready(startMs);
    await this.discovery();
    return client;
  }

  /** Kills the present server as a power cut would, and waits until it is gone. */
  async kill(): Promise<number> {
    const { pid } = await this.discovery();
    process.kill(pid, 'SIGKILL');
    await until(`process ${pid} to be gone`, async () => !isRunning(pid));
    return pid;
  }

  log(): Promise<string> {
    return readFile(this.paths.log, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.dispose()));
    await this.discovery().catch(() => null);
    for (const pid of this.#pids) {
      if (isRunning(pid)) process.kill(pid, 'SIGKILL');
      await until(`process ${pid} to be gone`, async () => !isRunning(pid));
    }
    for (const run of await listRunIds(this.home)) await endWorkers(runPaths(runDirectory(this.home, run)).workers);
    // Of several that were started at once all but one end by themselves, when they come to it: the home would be made anew.
    await endProcessesOf(this.home);
    await rm(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** False for a process that has ended and waits to be collected. */
export function isRunning(pid: number): boolean {
  return processStartTime(pid) !== null;
}

export async function until(what: string, condition: () => Promise<boolean> | boolean, ms = 90_000): Promise<void> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(25)) if (await condition()) return;
  throw new Error(`waited ${ms / 1000} s for: ${what}`);
}
