/** What every driver promises: all tests of sandboxes that do not depend on how they are made. */
import { test } from 'node:test';
import type { SandboxDriverName } from '../../protocol/run.ts';
import { createSandboxDriver } from '../../server/worker/sandbox/drivers.ts';
import { SandboxStartError } from '../../server/worker/sandbox/sandbox.ts';
import { chooseDriver } from './chosenDriver.ts';

/** Registers the tests for a driver, or one that is skipped with the reason why it cannot be had here. */
export async function contract(name: SandboxDriverName): Promise<void> {
  const absent = await whyNot(name);
  if (absent !== null) {
    test(`the contract of sandboxes (${name})`, { skip: absent }, () => undefined);
    return;
  }
  chooseDriver(name);
  for (const file of ['isolation', 'limits', 'lifetime', 'agentSandbox', 'evaluation', 'bash', 'python']) {
    await import(`./${file}.test.ts`);
  }
}

/** Why a driver cannot be had here; null: it can. */
export async function whyNot(name: SandboxDriverName): Promise<string | null> {
  try {
    await createSandboxDriver(name);
    return null;
  } catch (error) {
    if (error instanceof SandboxStartError) return error.problem;
    throw error;
  }
}
