/**
 * The worker process: `node main.ts`, with its configuration as one JSON line on standard input. It knows no search, no
 * task and no label: it dials the agent server, and does in sandboxes what it is asked.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { messageOf } from '../../protocol/thrown.ts';
import { type GpuReading, WorkerConfig } from '../../protocol/worker.ts';
import { gpuInventory } from '../gpu/nvidiaSmi.ts';
import { GpuTelemetry } from '../gpu/telemetry.ts';
import { boundedLog } from './boundedLog.ts';
import { createSandboxDriver } from './sandbox/drivers.ts';
import { SandboxRunner } from './sandboxRunner.ts';
import { WorkerProcess } from './workerProcess.ts';

const maxConfigCharacters = 1024 * 1024;
const configTimeoutMs = 10_000;

async function main(): Promise<number> {
  const config = parseConfig(await readLine(process.stdin));
  await mkdir(config.directory, { recursive: true, mode: 0o700 });
  const log = boundedLog(join(config.directory, 'worker.log'));
  const driver = await createSandboxDriver(config.driver);
  const { slot, cpuList, gpuUuid, venv } = config;
  const telemetry = gpuUuid === null ? null : new GpuTelemetry({ uuid: gpuUuid });
  const inventory = gpuUuid === null ? [] : (await gpuInventory()).gpus.filter(({ uuid }) => uuid === gpuUuid);
  const noGpu: { gpus: GpuReading[]; problem: null } = { gpus: [], problem: null };
  const worker = await WorkerProcess.start({
    config,
    runner: new SandboxRunner(driver, { slot, cpuList, gpuUuid, venv }),
    capabilities: { driver: driver.name, notEnforced: [...driver.notEnforced], gpus: inventory },
    telemetry: () => telemetry?.latest() ?? noGpu,
    log,
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => worker.end(`signal ${signal}`, 0));
  }
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, 'a defect of the worker');
    worker.end('a defect of the worker', 1);
  });
  const status = await worker.ended;
  telemetry?.stop();
  return status;
}

function parseConfig(line: string): WorkerConfig {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error('standard input is not a line of JSON: the worker is started by the agent server, not by hand');
  }
  const config = WorkerConfig.safeParse(value);
  if (!config.success) {
    throw new Error(`the configuration on standard input does not fit:\n${z.prettifyError(config.error)}`);
  }
  return config.data;
}

async function readLine(input: NodeJS.ReadStream): Promise<string> {
  const timeout = setTimeout(() => input.destroy(new Error('no configuration on standard input')), configTimeoutMs);
  let text = '';
  input.setEncoding('utf8');
  for await (const chunk of input) {
    text += chunk;
    if (text.includes('\n') || text.length > maxConfigCharacters) {
      break;
    }
  }
  clearTimeout(timeout);
  return text.split('\n', 1)[0] ?? '';
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`aira2 worker: ${messageOf(error)}\n`);
    process.exit(2);
  },
);
