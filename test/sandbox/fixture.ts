/** Real sandboxes for tests: one driver, small limits, and nothing left behind. */
import { after } from 'node:test';
import type { ProgramFile, SandboxSpec } from '../../protocol/worker.ts';
import { AgentSandbox } from '../../server/worker/agentSandbox.ts';
import { createSandboxDriver } from '../../server/worker/sandbox/drivers.ts';
import type { Sandbox, SandboxOptions, SandboxProcess } from '../../server/worker/sandbox/sandbox.ts';
import { chosenDriver } from './chosenDriver.ts';

/** The project's own environment, unless another is named. */
export const venv = process.env.AIRA2_VENV ?? new URL('../../.venv', import.meta.url).pathname;
export const slot = { slot: 7, cpuList: [], gpuUuid: null, venv };
export const limits = { cpus: 2, memoryMb: 600, diskMb: 64, pids: 128 };
export const driver = await createSandboxDriver(chosenDriver());

/** Why tests of a limit cannot run here, or false. */
export const noMemoryLimit = driver.notEnforced.some((text) => text.startsWith('memory'))
  ? 'this user cannot make control groups here, and the driver says so'
  : false;

export function options(change: Partial<SandboxOptions> = {}): SandboxOptions {
  return { id: 'test', ...slot, mounts: [], environment: {}, limits, ...change };
}

export function spec(change: Partial<SandboxSpec> = {}): SandboxSpec {
  return { mounts: [], environment: {}, limits, files: [], ...change };
}

export function file(path: string, text: string): ProgramFile {
  return { path, contentBase64: Buffer.from(text).toString('base64') };
}

/** A sandbox that is killed when the test, or the file of tests, has ended. */
export async function startSandbox(change: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await driver.start(options(change));
  after(() => sandbox.kill());
  return sandbox;
}

export async function openAgent(change: Partial<SandboxSpec> = {}): Promise<AgentSandbox> {
  const agent = await AgentSandbox.open(driver, { id: 'test', ...slot, spec: spec(change) });
  after(() => agent.close());
  return agent;
}

/** Runs a script of bash in a sandbox to its end. Its text is all that it says, errors too, in the order in which it says so. */
export async function sh(sandbox: Sandbox, script: string): Promise<{ code: number | null; text: string }> {
  // In one stream: of two, nobody knows which was written to first.
  const process = await sandbox.spawn(['bash', '-c', `exec 2>&1\n${script}`]);
  const text = await readAll(process);
  const { code } = await process.exited;
  return { code, text };
}

async function readAll(process: SandboxProcess): Promise<string> {
  const pieces: Buffer[] = [];
  const both = [process.stdout, process.stderr].map((stream) => {
    stream.on('data', (chunk: Buffer) => pieces.push(chunk));
    return new Promise<void>((resolve) => stream.once('close', resolve));
  });
  process.stdin.end();
  await Promise.all(both);
  return Buffer.concat(pieces).toString('utf8');
}

/** Waits until `check` holds. */
export async function eventually(
  check: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 20_000,
): Promise<void> {
  const until = performance.now() + deadlineMs;
  while (!(await check())) {
    if (performance.now() > until) throw new Error(`not in ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
