/** What this machine has, what it lacks, what it cannot enforce, and how to mend each. */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DoctorReport, keyVariables } from '../../protocol/clientViews.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { gpuInventory } from '../gpu/nvidiaSmi.ts';
import type { ChatModel } from '../models/chatModel.ts';
import { testConnection } from '../models/connectionTest.ts';
import type { ModelEnvironment } from '../models/environment.ts';
import { PriceBook, priceFilePath } from '../models/prices/priceBook.ts';
import { probeSandboxes } from '../worker/sandbox/probe.ts';
import { howToSetUp, pythonOf, virtualEnvironment } from './pythonEnvironment.ts';

type Check = DoctorReport['checks'][number];

export interface ExamineOptions {
  home: string;
  /** Where keys are looked for. */
  environment: ModelEnvironment;
  /** Made when its turn comes: without a key that fails, and is a finding. */
  model?: { id: string; create: () => ChatModel };
}

const smallDiskBytes = 5e9;

/** Looks at everything, and with `model` makes one real call to it. Never throws: what fails is a finding. */
export async function examineMachine({ home, environment, model }: ExamineOptions): Promise<DoctorReport> {
  const checks = [
    nodeCheck(),
    await pythonCheck(home),
    ...(await sandboxChecks(home)),
    await gpuCheck(),
    await homeCheck(home),
    keyCheck(environment),
    ...(await priceCheck(home)),
    ...(model === undefined ? [] : [await modelCheck(model)]),
  ];
  return { ok: checks.every((check) => check.state !== 'missing'), checks };
}

function nodeCheck(): Check {
  return { name: 'node', state: 'ok', detail: process.version, fix: null };
}

async function pythonCheck(home: string): Promise<Check> {
  const name = 'python environment';
  try {
    const venv = virtualEnvironment(home);
    const program =
      'import sys, numpy, pandas, sklearn, ipykernel, jupyter_client; print(sys.version.split()[0], "scikit-learn", sklearn.__version__)';
    const { stdout } = await promisify(execFile)(pythonOf(venv), ['-c', program], { timeout: 60_000 });
    return { name, state: 'ok', detail: `${stdout.trim()} in ${venv}`, fix: null };
  } catch (error) {
    return { name, state: 'missing', detail: firstLine(error), fix: howToSetUp };
  }
}

async function sandboxChecks(home: string): Promise<Check[]> {
  let venv: string;
  try {
    venv = virtualEnvironment(home);
  } catch (error) {
    return [{ name: 'sandbox', state: 'missing', detail: `not tried: ${firstLine(error)}`, fix: howToSetUp }];
  }
  const findings = await probeSandboxes(venv);
  const some = findings.find(({ works }) => works)?.driver;
  return findings.map(({ driver, installed, works, problem, fix, notEnforced }) => {
    const name = `sandbox ${driver}`;
    // One way of isolation is enough; without any, the default one is what is missing.
    const instead = some === undefined ? '' : `; --sandbox ${some} works`;
    if (!installed && driver !== 'bwrap') return { name, state: 'ok', detail: `${problem}${instead}`, fix: null };
    if (!works) {
      const state = some === undefined && driver === 'bwrap' ? 'missing' : 'limited';
      return { name, state, detail: `${problem}${instead}`, fix };
    }
    if (notEnforced.length === 0) return { name, state: 'ok', detail: 'works, with all limits enforced', fix: null };
    return { name, state: 'limited', detail: `works; not enforced: ${notEnforced.join('; ')}`, fix };
  });
}

async function gpuCheck(): Promise<Check> {
  const { gpus, problem } = await gpuInventory();
  if (gpus.length > 0) return { name: 'gpu', state: 'ok', detail: gpus.map((gpu) => gpu.name).join(', '), fix: null };
  const detail = problem ?? 'none: slots are CPUs';
  return { name: 'gpu', state: problem === null ? 'ok' : 'limited', detail, fix: null };
}

async function homeCheck(home: string): Promise<Check> {
  const name = 'home';
  try {
    await mkdir(join(home, 'runs'), { recursive: true, mode: 0o700 });
    await access(home, constants.W_OK);
    const { bavail, bsize } = await statfs(home);
    const free = bavail * bsize;
    const detail = `${home}, ${(free / 1e9).toFixed(0)} GB free`;
    return free < smallDiskBytes
      ? { name, state: 'limited', detail, fix: 'Free some space, or choose another folder with --home or AIRA2_HOME.' }
      : { name, state: 'ok', detail, fix: null };
  } catch (error) {
    return {
      name,
      state: 'missing',
      detail: firstLine(error),
      fix: 'Choose a folder that can be written, with --home or AIRA2_HOME.',
    };
  }
}

function keyCheck(environment: ModelEnvironment): Check {
  const set = Object.values(keyVariables)
    .flat()
    .filter((name) => (environment[name] ?? '') !== '');
  return {
    name: 'model keys',
    state: 'ok',
    detail:
      set.length === 0
        ? 'none: the built-in researcher works without; set GEMINI_API_KEY for --model gemini:<name>, OPENAI_API_KEY for openai:<name>; servers of your own need none'
        : `set: ${set.join(', ')}`,
    fix: null,
  };
}

/** Only where there is one: no run starts beside prices that cannot be read. */
async function priceCheck(home: string): Promise<Check[]> {
  const name = 'prices';
  try {
    const book = await PriceBook.load(home);
    return book.ownNames.length === 0
      ? []
      : [{ name, state: 'ok', detail: `${priceFilePath(home)}: ${book.ownNames.join(', ')}`, fix: null }];
  } catch (error) {
    const detail = messageOf(error);
    return [{ name, state: 'missing', detail, fix: 'Correct the file, or move it away.' }];
  }
}

async function modelCheck({ id, create }: { id: string; create: () => ChatModel }): Promise<Check> {
  try {
    const report = await testConnection(create(), { signal: new AbortController().signal });
    const detail =
      report === null
        ? 'built in: nothing to connect to'
        : `${report.model} answered and called a tool${report.longPromptTokens === null ? '' : `, and read ${report.longPromptTokens} tokens whole`}, in ${(report.durationMs / 1000).toFixed(1)} s`;
    return { name: `model ${id}`, state: 'ok', detail, fix: null };
  } catch (error) {
    return {
      name: `model ${id}`,
      state: 'missing',
      detail: firstLine(error),
      fix: 'Check the name, the key and the network.',
    };
  }
}

function firstLine(error: unknown): string {
  return messageOf(error).trim().split('\n').at(-1) ?? '';
}
