/**
 * Damaged input in masses: protocol frames at a live server, manifests, answers of model providers, predictions files. Each
 * kind in a process of its own that is watched: a crash, a hang or a leak is a result, and names the case that can be had
 * again with `node --expose-gc test/support/fuzz/main.ts <kind> <seed> 1 <case>`.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import type { FuzzReport } from '../test/support/fuzz/fuzz.ts';
import { targets } from '../test/support/fuzz/targets.ts';

export const description =
  'frames, manifests, model answers, predictions files, damaged: crash, hang or leak? [--cases 100000] [--only a,b] [--seed 1]';

const program = fileURLToPath(new URL('../test/support/fuzz/main.ts', import.meta.url));
/** Without a sign of life for so long, a process has hung. */
const silenceMs = 120_000;
/** Small enough that what leaks with every case shows. */
const heapMb = 192;

interface Outcome {
  /** `ok`, or how the process ended. */
  end: string;
  /** Cases that the process had told of when it ended. */
  told: number;
  report: FuzzReport | null;
}

export async function run(args: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args,
    options: {
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: Object.keys(targets).join(',') },
    },
  });
  const results: Record<string, unknown> = {};
  for (const name of values.only.split(',')) {
    const outcome = await watched(name, values.seed, values.cases);
    results[name] = judged(outcome);
    process.stderr.write(`${name}: ${JSON.stringify(results[name])}\n`);
  }
  return { bars: { crashes: 0, hangs: 0, problems: 0 }, ...results };
}

async function watched(name: string, seed: string, cases: string): Promise<Outcome> {
  const child = execa(process.execPath, ['--expose-gc', `--max-old-space-size=${heapMb}`, program, name, seed, cases], {
    reject: false,
    stdin: 'ignore',
  });
  let told = 0;
  let silent = false;
  const giveUp = () => {
    silent = true;
    child.kill('SIGKILL');
  };
  let watch = setTimeout(giveUp, silenceMs);
  child.stderr.on('data', (bytes: Buffer) => {
    clearTimeout(watch);
    watch = setTimeout(giveUp, silenceMs);
    told = Number(/(\d+)\s*$/.exec(bytes.toString('utf8'))?.[1] ?? told);
  });
  const { exitCode, signal, stdout, stderr } = await child;
  clearTimeout(watch);
  if (silent) return { end: `hung: no sign of life for ${silenceMs / 1000} s`, told, report: null };
  if (exitCode !== 0) return { end: `crashed: ${signal ?? exitCode}: ${stderr.slice(-2000)}`, told, report: null };
  return { end: 'ok', told, report: JSON.parse(stdout) };
}

function judged({ end, told, report }: Outcome) {
  if (report === null) return { end, casesBefore: told };
  const [before = 0, warm = 0] = report.rssMb;
  return {
    end,
    ...report,
    /** From the first fifth of the cases, in which code and caches fill up, to the last. */
    grownMb: (report.rssMb.at(-1) ?? 0) - warm,
    beforeMb: before,
    descriptorsLeft: (report.descriptors.at(-1) ?? 0) - (report.descriptors[0] ?? 0),
  };
}
