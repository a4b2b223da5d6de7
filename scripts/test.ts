/**
 * `npm test`: types, lint, unit tests and integration tests, with all the set-up they need. The last line is the count,
 * the exit code is 0 only if nothing failed.
 */
import { availableParallelism } from 'node:os';
import { ensureEnvironment, projectRoot } from './setup/environment.ts';
import { offerPodman } from './setup/podman.ts';
import { offerSshd } from './setup/sshd.ts';
import { isScenario, prepareBrowserTests } from './test/browserTests.ts';
import { runChecks } from './test/checks.ts';
import { testFiles } from './test/files.ts';
import { type Group, parseTestOptions, type TestOptions, UsageError, usage } from './test/options.ts';
import { count, type FileOutcome } from './test/outcome.ts';
import { inParallel } from './test/pool.ts';
import { countLine, failedLines, failureLines, fileLines, slowestLines } from './test/report.ts';
import { type FileLimits, runTestFile } from './test/runFile.ts';

const limits = {
  unit: { testTimeoutMs: 60_000, fileTimeoutMs: 180_000 },
  integration: { testTimeoutMs: 300_000, fileTimeoutMs: 1_200_000 },
  /** Each starts a VS Code and a browser, and waits for a run in them. */
  scenarios: { testTimeoutMs: 600_000, fileTimeoutMs: 3_000_000 },
} satisfies Record<string, FileLimits>;

/**
 * Files at once: tests wait for their processes about as often as these work. A scenario is a VS Code, a browser, a server and
 * two workers already: at most half of the files are scenarios.
 */
const width = Math.max(2, availableParallelism());
const scenariosAtOnce = Math.floor(width / 2);

const say = (text: string) => console.log(`· ${text}`);

/** A step before the tests, counted only where it fails: whatever depends on it cannot be run then. */
async function preparation(name: string, step: () => Promise<void>): Promise<FileOutcome | null> {
  const began = performance.now();
  try {
    await step();
    return null;
  } catch (error) {
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const durationMs = performance.now() - began;
    return {
      file: 'set-up',
      outcomes: [{ name, within: [], state: 'failed', detail, durationMs }],
      durationMs,
      output: '',
    };
  }
}

async function* runGroup(group: Group, options: TestOptions): AsyncGenerator<FileOutcome> {
  if (group === 'check') {
    yield* runChecks();
    return;
  }
  const files = await testFiles(group, options.paths);
  if (files.length === 0) return;
  const environment = await prepareFor(group);
  if (environment !== null) {
    yield environment;
    return;
  }
  const { files: possible, outcomes } = await prepareBrowserTests(files, say);
  yield* outcomes;
  yield* inParallel(
    // Scenarios first: they are the longest, and one at the very end would have nothing beside it.
    possible.toSorted((a, b) => Number(isScenario(b)) - Number(isScenario(a))),
    width,
    (file) => runTestFile(projectRoot, file, limits[isScenario(file) ? 'scenarios' : group], options.grep),
    (file, beside) => !isScenario(file) || beside.filter(isScenario).length < scenariosAtOnce,
  );
}

function prepareFor(group: 'unit' | 'integration'): Promise<FileOutcome | null> {
  const name = group === 'unit' ? 'the environment is ready' : 'the environment and the tasks are ready';
  return preparation(name, async () => {
    const environment = await ensureEnvironment(say);
    // Loaded late: code that does not even parse must show as a failed check, not end this program.
    const { prepareBuiltinTasks, testHome } = await import('./test/preparedTasks.ts');
    const home = testHome();
    if (group === 'integration') {
      await offerPodman(say);
      await offerSshd(say);
      await prepareBuiltinTasks(home, environment, say);
    }
  });
}

async function main(args: string[]): Promise<void> {
  const options = parseTestOptions(args);
  if (options === null) {
    console.log(usage);
    return;
  }
  const done: FileOutcome[] = [];
  for (const group of options.groups) {
    console.log(`\n${group}`);
    for await (const file of runGroup(group, options)) {
      done.push(file);
      for (const line of fileLines(file)) console.log(line);
    }
  }
  const failures = failureLines(done);
  if (failures.length > 0) console.log(['', 'Failures', '', ...failures].join('\n'));
  const passedNone = count(done, 'passed') === 0;
  const failed = failures.length > 0 ? ['Failed', ...failedLines(done), ''] : [];
  const hint = passedNone ? ['No test passed: is the path or the pattern right?', ''] : [];
  console.log(['', 'Slowest', ...slowestLines(done), '', ...failed, ...hint, countLine(done)].join('\n'));
  process.exitCode = passedNone || count(done, 'failed') > 0 ? 1 : 0;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
