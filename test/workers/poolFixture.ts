/** A pool of real workers in a temporary folder, and what its tests ask of it. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { ExecutionRequest, ExecutionResult, SandboxSpec } from '../../protocol/worker.ts';
import { Endpoint } from '../../server/transport/endpoint.ts';
import type { PoolEvent, PoolTiming, WorkerPoolOptions } from '../../server/workers/contract.ts';
import { WorkerPool } from '../../server/workers/pool.ts';
import { SlotRecord } from '../../server/workers/slotRecord.ts';

/** The project's virtual environment if it is there; sessions of bash need only the one of the system. */
export const venv = existsSync(new URL('../../.venv', import.meta.url))
  ? new URL('../../.venv', import.meta.url).pathname
  : '/usr';

export const spec: SandboxSpec = {
  mounts: [],
  environment: {},
  limits: { cpus: 1, memoryMb: 512, diskMb: 64, pids: 128 },
  files: [],
};

/** Waits are long: a loaded machine must not decide. Leases are as short as the test needs. */
export const timing: Partial<PoolTiming> = {
  helloMs: 60_000,
  leaseMs: 60_000,
  renewEveryMs: 200,
  graceMs: 60_000,
  adoptMs: 30_000,
  shutdownMs: 20_000,
  watchEveryMs: 50,
};

export interface Fixture {
  directory: string;
  events: PoolEvent[];
  endpoint: Endpoint;
  pool: WorkerPool;
  /** Lines that programs have appended to the file `name`. */
  lines(name: string): string[];
  path(name: string): string;
  /** A fresh server on the same state, as after a restart. */
  restart(options?: PoolOptions): Promise<void>;
  dispose(): Promise<void>;
}

/** A pool without GPUs, unless they are asked for. */
type PoolOptions = Partial<Omit<WorkerPoolOptions, 'gpuUuids'>> & { gpuUuids?: (string | null)[] | 'inventory' };

/** @param watch sees every endpoint before the pool gets it, to interfere with its connections */
export async function startPool(
  options: PoolOptions = {},
  watch: (endpoint: Endpoint) => void = () => undefined,
): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'pool-'));
  const events: PoolEvent[] = [];
  const start = async (more: PoolOptions) => {
    const endpoint = await Endpoint.start({ kind: 'unix', path: join(directory, 'run', 'server.sock') });
    watch(endpoint);
    const logFile = join(directory, 'server.log');
    const log = pino({ base: null }, { write: (line: string) => appendFileSync(logFile, line) });
    try {
      const { gpuUuids = [], ...rest } = { ...options, ...more };
      const pool = await WorkerPool.start({
        endpoint,
        stateDirectory: join(directory, 'run', 'workers'),
        slots: 1,
        driver: 'none',
        venv,
        ...(gpuUuids === 'inventory' ? {} : { gpuUuids }),
        log,
        onEvent: (event) => events.push(event),
        ...rest,
        timing: { ...timing, ...options.timing, ...more.timing },
      });
      return { endpoint, pool };
    } catch (error) {
      await endpoint.close();
      throw error;
    }
  };
  let running: Awaited<ReturnType<typeof start>>;
  try {
    running = await start({});
  } catch (error) {
    killLeftWorkers(directory);
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const fixture: Fixture = {
    directory,
    events,
    ...running,
    path: (name) => join(directory, name),
    lines: (name) => {
      const path = join(directory, name);
      return existsSync(path)
        ? readFileSync(path, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
        : [];
    },
    restart: async (more = {}) => {
      await fixture.endpoint.close();
      Object.assign(fixture, await start(more));
    },
    dispose: async () => {
      await fixture.pool.close();
      await fixture.endpoint.close();
      killLeftWorkers(directory);
      await rm(directory, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** Shell words that wait for a file: how long does not depend on the machine. */
export const awaiting = (path: string) => `until [ -e ${path} ]; do sleep 0.02; done`;

export function bash(session: string, command: string, timeoutMs = 60_000): ExecutionRequest {
  return { kind: 'bash', session, command, timeoutMs };
}

export function evaluate(command: string, timeoutMs = 60_000): ExecutionRequest {
  const limits = { output: 'predictions.csv', maxOutputBytes: 1_000_000 };
  return { kind: 'evaluate', spec, command: ['bash', '-c', command], timeoutMs, ...limits };
}

export function textOf(result: ExecutionResult): string {
  assert.equal(result.kind, 'tool', JSON.stringify(result));
  assert.ok(result.kind === 'tool');
  return result.text;
}

export async function until(condition: () => boolean, what: string, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `in vain: ${what}`);
    await sleep(10);
  }
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export function pidOf(fixture: Fixture, slot = 0): number {
  const pid = fixture.pool.slot(slot).status().pid;
  assert.ok(pid !== null);
  return pid;
}

export function ofType<T extends PoolEvent['type']>(events: PoolEvent[], type: T) {
  return events.filter((event): event is Extract<PoolEvent, { type: T }> => event.type === type);
}

/** Workers that a failed test would leave behind. */
export function killLeftWorkers(directory: string): void {
  const workers = join(directory, 'run', 'workers');
  for (const name of existsSync(workers) ? readdirSync(workers) : []) {
    if (name.endsWith('.json')) {
      const { process: left } = SlotRecord.parse(JSON.parse(readFileSync(join(workers, name), 'utf8')));
      if (left !== null && isAlive(left.pid) && left.pid !== process.pid) {
        process.kill(left.pid, 'SIGKILL');
      }
    }
  }
}

/** Host pids of the processes whose command line, with spaces between its words, holds `mark`. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isAlive(Number(name)))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\u0000', ' ').includes(mark);
      } catch {
        return false; // It has ended meanwhile.
      }
    })
    .map(Number);
}
