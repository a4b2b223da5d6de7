/**
 * What an agent waits for: the start of a sandbox, a shell and a kernel, one call of each tool, and a flood of output.
 * Arguments: `--flood-gb N` (default 1).
 */
import { parseArgs } from 'node:util';
import { createBwrapDriver } from '../server/worker/sandbox/bwrap.ts';
import type { Sandbox, SandboxOptions } from '../server/worker/sandbox/sandbox.ts';
import { BashSession } from '../server/worker/sessions/bash.ts';
import { PythonSession } from '../server/worker/sessions/python.ts';

export const description =
  'sandbox, bash and python: start, latency, throughput, and the worker under a flood of output';

const venv = new URL('../.venv', import.meta.url).pathname;
const limits = { cpus: 2, memoryMb: 2000, diskMb: 500, pids: 256 };

function options(): SandboxOptions {
  return { id: 'bench', slot: 90, mounts: [], environment: {}, limits, cpuList: [], gpuUuid: null, venv };
}

/** Milliseconds of each of `count` runs, without the first, which warms up. */
export async function times<T>(
  count: number,
  work: () => Promise<T>,
  afterwards: (made: T) => Promise<void> = async () => undefined,
): Promise<number[]> {
  const result: number[] = [];
  for (let i = 0; i <= count; i += 1) {
    const begun = performance.now();
    const made = await work();
    if (i > 0) result.push(performance.now() - begun);
    await afterwards(made);
  }
  return result;
}

export function summary(ms: number[]) {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 100) / 100;
  return { p50Ms: at(0.5), p95Ms: at(0.95), count: ms.length };
}

function session(sandbox: Sandbox): Promise<BashSession> {
  let files = 0;
  return BashSession.open(sandbox, () => `${++files}.txt`);
}

async function flood(bash: BashSession, gigabytes: number) {
  const before = process.memoryUsage.rss();
  let peak = before;
  let lag = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    const now = performance.now();
    lag = Math.max(lag, now - last - 10);
    last = now;
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 10);
  const begun = performance.now();
  const { outcome } = await bash.run(
    `yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | head -c ${gigabytes}G`,
    {
      timeoutMs: 600_000,
    },
  );
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(watch);
  const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  return {
    gigabytes,
    outcome,
    megabytesPerSecond: Math.round((gigabytes * 1024) / seconds),
    workerRssMb: { before: megabytes(before), peak: megabytes(peak) },
    eventLoopLagMaxMs: Math.round(lag * 10) / 10,
  };
}

export async function run(args: string[] = []): Promise<unknown> {
  const { values } = parseArgs({ args, options: { 'flood-gb': { type: 'string', default: '1' } } });
  const driver = await createBwrapDriver();
  const start = () => driver.start(options());
  const kill = (sandbox: Sandbox) => sandbox.kill();
  const sandboxStart = summary(await times(30, start, kill));
  const withBash = async () => {
    const sandbox = await start();
    await session(sandbox);
    return sandbox;
  };
  const withKernel = async () => {
    const sandbox = await start();
    await new PythonSession(sandbox, () => '1.txt').ready();
    return sandbox;
  };
  const sandboxStartWithBash = summary(await times(20, withBash, kill));
  const sandboxStartWithKernel = summary(await times(8, withKernel, kill));
  const sandbox = await start();
  try {
    const bash = await session(sandbox);
    const python = new PythonSession(sandbox, () => 'python.txt');
    await python.ready();
    return {
      bars: { sandboxStartMs: 60, bashTrueP50Ms: 1, pythonPassP50Ms: 5, kernelReadyMs: 1000, rssMb: 300, lagMs: 100 },
      sandboxStart,
      sandboxStartWithBash,
      sandboxStartWithKernel,
      bashTrue: summary(await times(1000, () => bash.run('true', { timeoutMs: 10_000 }))),
      pythonPass: summary(await times(500, () => python.run('pass', { timeoutMs: 10_000 }))),
      flood: await flood(bash, Number(values['flood-gb'])),
      notEnforced: driver.notEnforced,
    };
  } finally {
    await sandbox.kill();
  }
}
