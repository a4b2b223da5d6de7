/**
 * A seeded campaign of faults: server, worker, kernel, shell and the connection between worker and server are killed, stopped,
 * or stopped for longer than anybody waits, at random moments of real runs (real processes, bubblewrap, a real scorer). After
 * each run: nothing that a client was told is lost or doubled, the run has ended whole, and no process, sandbox or socket is left.
 */
import { parseArgs } from 'node:util';
import { type Findings, nothingFound } from '../test/support/faults/audit.ts';
import { type DisturbedRun, disturbedRun } from '../test/support/faults/disturbedRun.ts';
import { blows, type Strike, victims } from '../test/support/faults/victims.ts';
import { linearTask } from '../test/support/linearTask.ts';
import { SeededRandom } from '../test/support/seededRandom.ts';

export const description =
  'kill -9 and SIGSTOP at random moments: is anything lost, doubled or left? [--moments 100] [--seed 1] [--victims a,b] [--blows a,b] [--keep folder]';

/** Of twenty strikes at a victim. */
const shares = { kill: 10, stop: 7, 'long stop': 3 } as const;

export async function run(args: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args,
    options: {
      moments: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      'per-run': { type: 'string', default: '6' },
      candidates: { type: 'string', default: '12' },
      victims: { type: 'string', default: victims.join(',') },
      blows: { type: 'string', default: blows.join(',') },
      keep: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const random = new SeededRandom(Number(values.seed));
  const log = values.verbose ? (line: string) => process.stderr.write(`${line}\n`) : undefined;
  let waiting = random.shuffled(plan(Number(values.moments), values.victims.split(','), values.blows.split(',')));
  const runs: (DisturbedRun & { run: string })[] = [];
  await using toy = await linearTask({ devExecS: 8 });
  while (waiting.length > 0) {
    const run = `20260101-000000-linear-${String(runs.length + 1).padStart(4, '0')}`;
    const strikes = waiting.slice(0, Number(values['per-run']));
    const done = await disturbedRun({
      home: toy.home,
      run,
      candidates: Number(values.candidates),
      strikes,
      pauseMs: { from: 100, to: 2500 },
      random,
      deadlineMs: 1_800_000,
      ...(values.keep === undefined ? {} : { keep: values.keep }),
      ...(log === undefined ? {} : { log }),
    });
    waiting = [...done.unspent, ...waiting.slice(strikes.length)];
    runs.push({ ...done, run });
    process.stderr.write(
      `${run}: ${done.struck.length} strikes, ${done.restarts} restarts, ${done.seconds} s${nothingFound(done.findings) ? '' : `: ${JSON.stringify(done.findings)}`}\n`,
    );
  }
  return summary(runs);
}

/** As many strikes at each victim, in the shares of the blows. */
function plan(moments: number, whom: readonly string[], how: readonly string[]): Strike[] {
  const strikes = victims
    .filter((victim) => whom.includes(victim))
    .flatMap((victim) =>
      blows
        .filter((blow) => how.includes(blow))
        .flatMap((blow) => Array.from({ length: shares[blow] }, (): Strike => ({ victim, blow }))),
    );
  if (strikes.length === 0)
    throw new Error(`nobody is to be struck: victims are ${victims.join(', ')}; blows are ${blows.join(', ')}`);
  const rounds = Math.ceil(moments / strikes.length);
  const all = Array.from({ length: rounds }, () => strikes).flat();
  // Fewer than a whole round: evenly over it, so that every victim is there.
  return Array.from({ length: moments }, (_, index) => all[Math.floor((index * all.length) / moments)]).filter(
    (one) => one !== undefined,
  );
}

function summary(runs: readonly (DisturbedRun & { run: string })[]) {
  const struck = runs.flatMap((one) => one.struck);
  const count = (kind: keyof Findings) => runs.reduce((sum, { findings }) => sum + findings[kind].length, 0);
  return {
    bars: { lost: 0, duplicated: 0, broken: 0, orphans: 0 },
    moments: struck.length,
    strikes: Object.fromEntries(
      victims.map((victim) => [
        victim,
        Object.fromEntries(
          blows.map((blow) => [blow, struck.filter((one) => one.victim === victim && one.blow === blow).length]),
        ),
      ]),
    ),
    runs: runs.length,
    runsEnded: runs.filter(({ findings }) => findings.broken.length === 0).length,
    lost: count('lost'),
    duplicated: count('duplicated'),
    broken: count('broken'),
    orphans: count('orphans'),
    serversStartedAgain: runs.reduce((sum, { restarts }) => sum + restarts, 0),
    /** Put back once and lost again: no mark against anybody, and others were made in their place. */
    candidatesAbandoned: runs.reduce((sum, { abandoned }) => sum + abandoned, 0),
    problems: runs.filter(({ findings }) => !nothingFound(findings)).map(({ run, findings }) => ({ run, findings })),
  };
}
