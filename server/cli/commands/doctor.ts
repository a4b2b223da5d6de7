/** `aira2 doctor`: what this machine has, what it lacks, what it cannot enforce, and how to mend each. */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import type * as z from 'zod';
import { homeDirectory } from '../../../protocol/discovery.ts';
import { gpuInventory } from '../../gpu/nvidiaSmi.ts';
import { testConnection } from '../../models/connectionTest.ts';
import { createModel } from '../../models/registry.ts';
import { probeSandboxes } from '../../worker/sandbox/probe.ts';
import { CliError, exitCodes } from '../exitCodes.ts';
import { pythonOf, virtualEnvironment } from '../machine.ts';
import { type CommonOptions, withCommon } from '../options.ts';
import { type forms, print } from '../output.ts';

type Check = z.infer<(typeof forms)['doctor']>['checks'][number];

const smallDiskBytes = 5e9;

export function doctorCommand(): Command {
  return withCommon(new Command('doctor'))
    .description('Check this machine: what is missing, what cannot be enforced, and how to fix it.')
    .option('--model <model>', 'also make one real call to this model, to check its key and name')
    .action(async (options: CommonOptions & { model?: string }) => {
      const checks = [
        nodeCheck(),
        await pythonCheck(),
        ...(await sandboxChecks()),
        await gpuCheck(),
        await homeCheck(homeDirectory(options.home)),
        keyCheck(),
        ...(options.model === undefined ? [] : [await modelCheck(options.model)]),
      ];
      const ok = checks.every((check) => check.state !== 'missing');
      print(options.json ?? false, 'doctor', { ok, checks }, () => checks.map(words).join('\n'));
      if (!ok) throw new CliError(exitCodes.environment, 'Something is missing: see above.');
    });
}

function nodeCheck(): Check {
  return { name: 'node', state: 'ok', detail: process.version, fix: null };
}

async function pythonCheck(): Promise<Check> {
  const name = 'python environment';
  try {
    const venv = virtualEnvironment();
    const program =
      'import sys, numpy, pandas, sklearn, ipykernel, jupyter_client; print(sys.version.split()[0], "scikit-learn", sklearn.__version__)';
    const { stdout } = await promisify(execFile)(pythonOf(venv), ['-c', program], { timeout: 60_000 });
    return { name, state: 'ok', detail: `${stdout.trim()} in ${venv}`, fix: null };
  } catch (error) {
    return { name, state: 'missing', detail: firstLine(error), fix: 'npm run setup' };
  }
}

async function sandboxChecks(): Promise<Check[]> {
  let venv: string;
  try {
    venv = virtualEnvironment();
  } catch (error) {
    return [{ name: 'sandbox', state: 'missing', detail: `not tried: ${firstLine(error)}`, fix: 'npm run setup' }];
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

function keyCheck(): Check {
  const names = ['GOOGLE_API_KEY', 'GEMINI_API_KEY', 'OPENAI_API_KEY'];
  const set = names.filter((name) => (process.env[name] ?? '') !== '');
  return {
    name: 'model keys',
    state: 'ok',
    detail:
      set.length === 0
        ? 'none: the built-in researcher works without; set GEMINI_API_KEY for --model gemini:<name>; servers of your own need none'
        : `set: ${set.join(', ')}`,
    fix: null,
  };
}

async function modelCheck(id: string): Promise<Check> {
  try {
    const report = await testConnection(createModel(id, process.env), { signal: new AbortController().signal });
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

const marks = { ok: '✓', limited: '~', missing: '✗' } as const;

function words({ name, state, detail, fix }: Check): string {
  return `${marks[state]} ${name}: ${detail}${fix === null ? '' : `\n    fix: ${fix}`}`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? '';
}
