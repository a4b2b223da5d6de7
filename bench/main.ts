/**
 * Runs one benchmark and prints JSON on standard output: its result, and what a reader needs to judge it (machine, date,
 * commit, Node). Each bench/<name>.ts exports `run(args)`, which returns anything JSON can hold, and a `description`.
 * Nothing here passes or fails: figures go to bench/RESULTS.md.
 */
import { readdir } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa } from 'execa';
import * as z from 'zod';

const folder = dirname(fileURLToPath(import.meta.url));
const nameForm = /^[a-z][a-zA-Z0-9]*$/;

const Benchmark = z.object({
  /** One line for the list of benchmarks. */
  description: z.string(),
  run: z.custom<(args: string[]) => unknown>((value) => typeof value === 'function', 'run must be a function'),
});

async function load(name: string): Promise<z.infer<typeof Benchmark>> {
  const module: unknown = await import(pathToFileURL(join(folder, `${name}.ts`)).href);
  return Benchmark.parse(module);
}

async function names(): Promise<string[]> {
  const files = await readdir(folder);
  const found = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'main.ts');
  return found.map((file) => file.slice(0, -'.ts'.length)).sort();
}

async function help(): Promise<string> {
  const lines = await Promise.all(
    (await names()).map(async (name) => `  ${name.padEnd(14)}${(await load(name)).description}`),
  );
  return ['usage: npm run bench -- <name> [arguments]', '', ...lines].join('\n');
}

/** The commit that is checked out, with `+` behind it if files differ from it; null outside of a git checkout. */
async function commit(): Promise<string | null> {
  const git = (...args: string[]) => execa('git', args, { cwd: folder, reject: false, timeout: 20_000 });
  const [head, status] = await Promise.all([git('rev-parse', 'HEAD'), git('status', '--porcelain')]);
  return head.failed ? null : `${head.stdout.trim()}${status.stdout.trim() === '' ? '' : '+'}`;
}

function machine() {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: `${process.platform} ${release()} ${process.arch}`,
  };
}

/** @param args the benchmark's name and its own arguments */
export async function main(args: string[]): Promise<void> {
  const [name, ...own] = args;
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(await help());
    return;
  }
  if (!nameForm.test(name) || !(await names()).includes(name)) {
    console.error(`There is no benchmark named ${name}.\n\n${await help()}`);
    process.exitCode = 2;
    return;
  }
  const { run } = await load(name);
  const date = new Date().toISOString();
  const began = performance.now();
  const result: unknown = await run(own);
  const seconds = Math.round(performance.now() - began) / 1000;
  const report = {
    bench: name,
    arguments: own,
    date,
    commit: await commit(),
    node: process.version,
    machine: machine(),
    seconds,
  };
  console.log(JSON.stringify({ ...report, result }, null, 2));
}
