/**
 * `npm run demo`: from a bare clone to a selected, exported program that runs. Installs what is missing, prepares a real
 * data set, searches with two sandboxed workers and the built-in researcher, and runs what it exported once more.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { forms } from '../server/cli/output.ts';
import { SetupError } from '../server/setup/step.ts';
import { ensureEnvironment, projectRoot } from './setup/environment.ts';

const task = 'birdstrikes';
const candidates = 12;

async function demo(): Promise<void> {
  const began = Date.now();
  const { python } = await ensureEnvironment();
  say(`Searching: ${candidates} candidates on ${task}, two workers, the built-in researcher. No key, no network.`);
  const run = forms.run.parse(
    await aira2(['run', task, '--candidates', String(candidates), '--workers', '2', '--seed', '1']),
  );
  console.log((await readFile(run.report, 'utf8')).trimEnd());

  const folder = join(projectRoot, 'demo-output');
  await rm(folder, { recursive: true, force: true });
  const exported = forms['runs export'].parse(await aira2(['runs', 'export', run.run.id, '--to', folder]));
  say(`Exported candidate #${exported.candidate} to demo-output: ${exported.files.join(', ')}.`);

  say('Running the exported program once more …');
  await execa(join(folder, 'run.sh'), {
    env: { PYTHON: python },
    timeout: 600_000,
    stdout: 'ignore',
    stderr: 'inherit',
  });
  const [again, before] = await Promise.all(
    [join(folder, 'out', 'predictions.csv'), join(folder, 'predictions.csv')].map((path) => readFile(path, 'utf8')),
  );
  say(compare(again ?? '', before ?? ''));
  say(`Done in ${Math.round((Date.now() - began) / 1000)} s. The run: npx aira2 runs show ${run.run.id}`);
}

/** Sums may be taken in another order outside of the sandbox: a difference in the last digits is none. */
function compare(again: string, before: string): string {
  if (again === before) return 'It wrote the same predictions, to the byte.';
  const [rows, expected] = [again, before].map((csv) => csv.trimEnd().split(/[\n,]/));
  const differences = (rows ?? []).map((cell, index) =>
    cell === expected?.[index] ? 0 : Math.abs(Number(cell) - Number(expected?.[index])),
  );
  const largest = Math.max(...differences);
  return largest < 1e-9
    ? `It wrote the same predictions (largest difference ${largest.toPrecision(2)}).`
    : 'It ran, and wrote predictions of its own.';
}

/** Runs the command with `--json`, its progress on this terminal, and reads what it prints. */
async function aira2(args: string[]): Promise<unknown> {
  const { stdout, exitCode, signal, timedOut } = await execa(
    process.execPath,
    [join(projectRoot, 'bin', 'aira2.js'), ...args, '--json'],
    { stdin: 'ignore', stderr: 'inherit', timeout: 1_800_000, reject: false },
  );
  if (exitCode === 0) return JSON.parse(stdout);
  throw new CommandFailure(
    args,
    exitCode ?? 1,
    saidBy(stdout) ?? (timedOut ? 'it took too long' : (signal ?? 'see above')),
  );
}

/** The message of a failed command, where it has printed one instead of a result. */
function saidBy(stdout: string): string | null {
  if (!stdout.trimStart().startsWith('{')) return null;
  const { data } = forms.error.safeParse(JSON.parse(stdout));
  return data?.error.message ?? null;
}

/** A command of the demonstration ended with another exit code than 0. */
class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;
  constructor(args: string[], exitCode: number, message: string) {
    super(`aira2 ${args.slice(0, 2).join(' ')} ended with exit code ${exitCode}: ${message}`);
    this.exitCode = exitCode;
  }
}

function say(line: string): void {
  console.log(`· ${line}`);
}

try {
  await demo();
} catch (error) {
  if (!(error instanceof SetupError || error instanceof CommandFailure)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof CommandFailure ? error.exitCode : 1;
}
