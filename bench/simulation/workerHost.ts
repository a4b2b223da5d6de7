/**
 * Many workers in one process, each the real thing (line, lease, journal, deliveries) around a runner that only sleeps:
 * `node workerHost.ts <evaluation ms>`. Standard input: one JSON line per command; standard output: one per worker that ends.
 */
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import pino from 'pino';
import type { WorkerConfig } from '../../protocol/worker.ts';
import { WorkerProcess } from '../../server/worker/workerProcess.ts';
import { HostCommand, type HostNotice } from './hostProtocol.ts';
import { type Moment, SleepingRunner } from './sleepingRunner.ts';

const [evaluationMs = 0] = process.argv.slice(2).map(Number);
const workers = new Map<string, WorkerProcess>();
const log = pino({ level: 'error' }, pino.destination(2));
const moments: Moment[] = [];

function say(notice: HostNotice): void {
  process.stdout.write(`${JSON.stringify(notice)}\n`);
}

async function launch(config: WorkerConfig, ids: string[]): Promise<void> {
  const worker = await WorkerProcess.start({
    config,
    runner: new SleepingRunner(evaluationMs, predictionFiles(ids), (what) =>
      moments.push({ slot: config.slot, what, at: performance.timeOrigin + performance.now() }),
    ),
    capabilities: { driver: config.driver, notEnforced: [], gpus: [] },
    telemetry: () => ({ gpus: [], problem: null }),
    log,
  });
  workers.set(config.workerId, worker);
  await worker.ended;
  workers.delete(config.workerId);
  say({ notice: 'ended', worker: config.workerId });
}

/** A few predictions of different worth, made once. */
function predictionFiles(ids: string[]): string[] {
  return Array.from({ length: 16 }, (_, variant) => {
    const rows = ids.map((id, row) => `${id},${(row * (1 + variant / 16)).toFixed(3)}`);
    return gzipSync(`id,y\n${rows.join('\n')}\n`).toString('base64');
  });
}

const { user: userBefore, system: systemBefore } = process.cpuUsage();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = HostCommand.parse(JSON.parse(line));
    if (command.op === 'end') workers.get(command.worker)?.end('the bench asked for it', 0);
    else
      launch(command.config, command.ids).catch((error: unknown) => {
        log.error({ err: error }, 'a worker did not start');
        process.exit(1);
      });
  })
  .on('close', () => {
    const { user, system } = process.cpuUsage();
    const notice: HostNotice = {
      notice: 'moments',
      moments,
      cpuMs: (user + system - userBefore - systemBefore) / 1000,
    };
    process.stdout.write(`${JSON.stringify(notice)}\n`, () => process.exit(0));
  });
