/**
 * What each way of isolation costs, on this machine: start and end of a sandbox, one process in it, one bash command.
 * Arguments: `--count N` (default 20), and names of drivers (default: all that may be chosen).
 */
import { parseArgs } from 'node:util';
import { SandboxDriverName } from '../protocol/run.ts';
import { createSandboxDriver } from '../server/worker/sandbox/drivers.ts';
import { type Sandbox, type SandboxDriver, SandboxStartError } from '../server/worker/sandbox/sandbox.ts';
import { BashSession } from '../server/worker/sessions/bash.ts';
import { summary, times } from './tools.ts';

export const description = 'every sandbox driver that works here: start, end, process and command';

const venv = new URL('../.venv', import.meta.url).pathname;
const limits = { cpus: 2, memoryMb: 2000, diskMb: 500, pids: 256 };

async function measure(driver: SandboxDriver, count: number) {
  const start = () =>
    driver.start({ id: 'bench', slot: 91, mounts: [], environment: {}, limits, cpuList: [], gpuUuid: null, venv });
  const ends: number[] = [];
  const end = async (sandbox: Sandbox) => {
    const begun = performance.now();
    await sandbox.kill();
    ends.push(performance.now() - begun);
  };
  const starts = await times(count, start, end);
  const sandbox = await start();
  try {
    const aProcess = async () => {
      const made = await sandbox.spawn(['true']);
      await made.exited;
      made.release();
    };
    let files = 0;
    const bash = await BashSession.open(sandbox, () => `${++files}.txt`);
    return {
      start: summary(starts),
      end: summary(ends),
      process: summary(await times(count * 5, aProcess)),
      bashTrue: summary(await times(count * 25, () => bash.run('true', { timeoutMs: 10_000 }))),
      notEnforced: driver.notEnforced,
    };
  } finally {
    await sandbox.kill();
  }
}

export async function run(args: string[] = []): Promise<unknown> {
  const options = { count: { type: 'string', default: '20' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const names =
    positionals.length === 0 ? SandboxDriverName.options : positionals.map((name) => SandboxDriverName.parse(name));
  const result: Record<string, unknown> = {};
  for (const name of names) {
    try {
      result[name] = await measure(await createSandboxDriver(name), Number(values.count));
    } catch (error) {
      if (!(error instanceof SandboxStartError)) throw error;
      result[name] = { notHere: error.problem };
    }
  }
  return result;
}
