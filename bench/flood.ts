/**
 * A tool call that floods its worker with output, and its neighbour: two real workers with sandboxes under one server. Does the
 * neighbour's tool call take longer, does the server's event loop stand still, does the flooded worker's memory grow? For
 * comparison the same beside a tool call that only computes: that much any busy neighbour costs on this machine.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pino from 'pino';
import type { ExecutionRequest, SandboxSpec } from '../protocol/worker.ts';
import { Endpoint } from '../server/transport/endpoint.ts';
import type { WorkerSlot } from '../server/workers/contract.ts';
import { WorkerPool } from '../server/workers/pool.ts';
import { venv } from '../test/support/linearTask.ts';
import { summary } from './tools.ts';

export const description = 'a flood of output from one tool call: server, worker and a neighbour beside it [--gb 1]';

const spec: SandboxSpec = {
  mounts: [],
  environment: {},
  limits: { cpus: 1, memoryMb: 1000, diskMb: 100, pids: 64 },
  files: [],
};
const calls = 300;
const line = 'a'.repeat(55);

export async function run(args: string[]): Promise<unknown> {
  const { values } = parseArgs({ args, options: { gb: { type: 'string', default: '1' } } });
  const gigabytes = Number(values.gb);
  const directory = await mkdtemp(join(tmpdir(), 'aira2-flood-'));
  const endpoint = await Endpoint.start({ kind: 'unix', path: join(directory, 'server.sock') });
  const pool = await WorkerPool.start({
    ...{ endpoint, stateDirectory: join(directory, 'workers'), slots: 2, driver: 'bwrap', venv, gpuUuids: [] },
    log: pino({ level: 'error' }, pino.destination(2)),
  });
  try {
    const [flooded, neighbour] = [pool.slot(0), pool.slot(1)];
    for (const slot of [flooded, neighbour]) await slot.openSession('agent', spec);
    const before = await neighbourCalls(neighbour, 'before', () => false);
    const computing = await beside(flooded, neighbour, 'computing', 'timeout 15 bash -c "while :; do :; done"; true');
    const flood = `yes ${line} | head -c ${gigabytes}G`;
    const flooding = await beside(flooded, neighbour, 'flooding', flood);
    const after = await neighbourCalls(neighbour, 'after', () => false);
    return {
      bars: { workerRssMb: 300, serverLagMs: 100, neighbour: 'unaffected' },
      gigabytes,
      megabytesPerSecond: Math.round((gigabytes * 1024) / flooding.seconds),
      cpus: [flooded, neighbour].map((slot) => slot.status().cpuList),
      /** Milliseconds of `true` in the neighbour's shell, from the server's request to its answer. */
      neighbour: {
        before: summary(before),
        besideComputing: summary(computing.neighbour),
        besideFlood: summary(flooding.neighbour),
        after: summary(after),
      },
      server: {
        eventLoopLagMaxMs: flooding.lagMs,
        eventLoopLagMaxBesideComputingMs: computing.lagMs,
        liveOutputMb: round(flooding.liveBytes / 2 ** 20),
        rssMb: round(process.memoryUsage.rss() / 2 ** 20),
      },
      floodedWorker: { rssPeakMb: peakMb(flooded), outcome: flooding.outcome },
      neighbourWorker: { rssPeakMb: peakMb(neighbour) },
    };
  } finally {
    await pool.close();
    await endpoint.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Runs a command on one slot, and calls on the other until it has ended. */
async function beside(slot: WorkerSlot, neighbour: WorkerSlot, name: string, command: string) {
  let liveBytes = 0;
  let isOver = false;
  const lag = watchLag();
  const began = performance.now();
  const running = slot
    .execute(`${name}-command`, bash(command), {
      onOutput: (text) => {
        liveBytes += Buffer.byteLength(text);
      },
    })
    .finally(() => {
      isOver = true;
    });
  const latencies = await neighbourCalls(neighbour, name, () => isOver, Number.POSITIVE_INFINITY);
  const result = await running;
  const seconds = (performance.now() - began) / 1000;
  const outcome = result.kind === 'tool' ? result.outcome : result.kind;
  return { neighbour: latencies, seconds, liveBytes, lagMs: lag.end(), outcome };
}

/** Milliseconds of each call, the first one, which warms up, left out; with a pause after each as an agent has one. */
async function neighbourCalls(slot: WorkerSlot, name: string, isOver: () => boolean, most = calls): Promise<number[]> {
  const result: number[] = [];
  for (let call = 0; call <= most && !isOver(); call += 1) {
    const began = performance.now();
    await slot.execute(`${name}-${call}`, bash('true'));
    if (call > 0) result.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return result;
}

function watchLag(): { end: () => number } {
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 10);
    last = now;
  }, 10);
  return {
    end: () => {
      clearInterval(timer);
      return round(worst);
    },
  };
}

const bash = (command: string): ExecutionRequest => ({ kind: 'bash', session: 'agent', command, timeoutMs: 3_600_000 });

/** The most that the slot's worker process has had in memory. */
function peakMb(slot: WorkerSlot): number {
  const { pid } = slot.status();
  const status = pid === null ? '' : readFileSync(`/proc/${pid}/status`, 'utf8');
  return round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}

const round = (value: number) => Math.round(value * 10) / 10;
