/** Types and lint, each counted as one test: the compiler's and the linter's own words are the failure's detail. */
import { join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../setup/environment.ts';
import type { FileOutcome } from './outcome.ts';

const deadlineMs = 300_000;

interface Check {
  name: string;
  tool: string;
  args: readonly string[];
}

/** Each folder's code is checked against what is there where it runs: Node, the extension host, the browser. */
const projects = [
  { project: '.', what: 'types hold (tsc)' },
  { project: 'extension', what: 'types of the extension hold (tsc)' },
  { project: 'webview', what: 'types of the webviews hold (tsc)' },
  { project: 'test/tsconfig.browser.json', what: 'types of tests that drive a browser hold (tsc)' },
] as const;

const checks: readonly Check[] = [
  ...projects.map(({ project, what }) => ({
    name: what,
    tool: 'tsc',
    args: ['--noEmit', '--pretty', 'false', '--project', project],
  })),
  {
    name: 'lint, format and import directions hold (biome)',
    tool: 'biome',
    args: ['ci', '--colors=off', '--error-on-warnings', '.'],
  },
];

async function runCheck({ name, tool, args }: Check): Promise<FileOutcome> {
  const began = performance.now();
  const result = await execa(join(projectRoot, 'node_modules', '.bin', tool), args, {
    cwd: projectRoot,
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: deadlineMs,
  });
  const durationMs = performance.now() - began;
  const detail = result.failed ? result.all.trim() || (result.shortMessage ?? 'it could not be started') : '';
  const state = result.failed ? 'failed' : 'passed';
  return { file: tool, outcomes: [{ name, within: [], state, detail, durationMs }], durationMs, output: '' };
}

/** Runs every check; yields each as it ends. */
export async function* runChecks(): AsyncGenerator<FileOutcome> {
  for (const check of checks) yield await runCheck(check);
}
