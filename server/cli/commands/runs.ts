/** `aira2 runs …`: look at runs, take their results, steer the live ones. */
import { Argument, Command } from 'commander';
import { duration } from '../../../protocol/duration.ts';
import type { Candidate, RunSummary } from '../../../protocol/run.ts';
import { switchesOf } from '../../../protocol/runSwitches.ts';
import { formatScoreWithError } from '../../../protocol/score.ts';
import { isSealed } from '../../../protocol/sealed.ts';
import { messageOf } from '../../../protocol/thrown.ts';
import { StoredTrajectory } from '../../agent/trajectoryLog.ts';
import { bestWords, stagnationWords } from '../../analysis/bestSoFar.ts';
import { estimateWords, measuredEstimate, spendingLines } from '../../analysis/costEstimate.ts';
import { renderReport, runReport } from '../../analysis/report.ts';
import { requestWords } from '../../analysis/requestWords.ts';
import { chooseCandidate, exportCandidate } from '../../api/exportCandidate.ts';
import { virtualEnvironment } from '../../api/pythonEnvironment.ts';
import { callRun } from '../../api/runDoor.ts';
import { notLive } from '../../api/steering.ts';
import { taskOfRun } from '../../api/taskOfRun.ts';
import { listRunIds, readRun } from '../../store/runStore.ts';
import { boundWords } from '../boundWords.ts';
import { CliError, exitCodes } from '../exitCodes.ts';
import { homeOf, resolveRun } from '../machine.ts';
import { whole } from '../numbers.ts';
import { type CommonOptions, withCommon } from '../options.ts';
import { note, print } from '../output.ts';
import { table } from '../table.ts';
import { renderTrajectory } from '../trajectoryText.ts';
import { followRun, resume } from './runsHosting.ts';
import { extend, finish, remove, unseal } from './runsSteering.ts';

export function runsCommand(): Command {
  return new Command('runs')
    .description('Look at runs, export what they found, steer those that are live.')
    .addCommand(list())
    .addCommand(show())
    .addCommand(candidates())
    .addCommand(trajectory())
    .addCommand(report())
    .addCommand(exportProgram())
    .addCommand(followRun())
    .addCommand(resume())
    .addCommand(pause())
    .addCommand(finish())
    .addCommand(stop())
    .addCommand(extend())
    .addCommand(unseal())
    .addCommand(remove());
}

const runArgument = () => new Argument('[run]', 'id, unique part of an id, or "last"').default('last');

function list(): Command {
  return withCommon(new Command('list'))
    .description('All runs, oldest first.')
    .action(async (options: CommonOptions) => {
      const home = homeOf(options);
      const runs: RunSummary[] = [];
      const problems: { run: string; problem: string }[] = [];
      for (const id of await listRunIds(home)) {
        try {
          runs.push((await readRun(home, id)).view.summary);
        } catch (error) {
          problems.push({ run: id, problem: messageOf(error) });
        }
      }
      for (const { run, problem } of problems) note(`run ${run} cannot be read: ${problem}`);
      print(options.json ?? false, 'runs list', { runs, problems }, () =>
        runs.length === 0
          ? 'No runs yet. Start one with: aira2 run diamonds'
          : table(
              ['run', 'state', 'model', 'switches', 'candidates', 'best search', 'active'],
              runs.map((run) => [
                run.id,
                run.state,
                run.config.model,
                switchesOf(run.config).join(', '),
                `${run.counts.scored} scored, ${run.counts.failed} failed`,
                run.bestSearch === null ? '' : `${formatScoreWithError(run.bestSearch.score)} ${run.metric.name}`,
                duration(run.activeMs),
              ]),
            ),
      );
    });
}

function show(): Command {
  return withCommon(new Command('show'))
    .description('One run: configuration, state, best candidate, caveats.')
    .addArgument(runArgument())
    .action(async (run: string, options: CommonOptions) => {
      const home = homeOf(options);
      const { view, paths, live } = await readRun(home, await resolveRun(home, run));
      const { summary } = view;
      const estimate = measuredEstimate(view) ?? summary.estimate ?? null;
      print(options.json ?? false, 'runs show', { run: summary, live, directory: paths.directory, estimate }, () =>
        [
          `${summary.id}: ${summary.state}${live ? ' (live)' : ''}`,
          `task ${summary.config.task}@${summary.config.taskVersion}, metric ${summary.metric.name} (${summary.metric.direction}), split ${summary.splitHash.slice(0, 12)}`,
          `model ${summary.config.model}, ${summary.config.workers} workers × ${summary.config.agentsPerSlot}, seed ${summary.config.seed}, temperature ${summary.config.temperature}, crossover ${summary.config.crossover}, sandbox ${summary.config.sandbox}`,
          `bounds: ${boundWords(summary.config).join(', ') || 'none: it goes on until it is stopped'}`,
          `${summary.counts.created} candidates: ${summary.counts.scored} scored, ${summary.counts.failed} failed, ${summary.counts.abandoned} abandoned, ${summary.counts.running} at work; active ${duration(summary.activeMs)}`,
          ...switchLines(summary),
          ...progressLines(summary),
          `validation and test: ${sealWords(summary)}${summary.selected === null ? '' : `; selected #${summary.selected}`}`,
          ...spendingLines(summary),
          ...(estimate === null ? [] : [`estimate: ${estimateWords(estimate)}`]),
          ...summary.caveats.map((caveat) => `caveat: ${caveat}`),
          ...(summary.ending === 'finish' && summary.state !== 'finished'
            ? ['finishing: agents at work come to their end, nothing new is begun']
            : []),
          ...(summary.endReason === null ? [] : [`ended: ${summary.endReason}`]),
          ...view.pending.map(({ body }) => `waits to be served: ${requestWords(body)}`),
          ...view.dropped.map(({ body, reason }) => `not served (${reason}): ${requestWords(body)}`),
          ...(live || summary.interruption === undefined ? [] : [`interrupted: ${summary.interruption}`]),
          ...(summary.state === 'interrupted' ? [`take it up again with: aira2 runs resume ${summary.id}`] : []),
          `files: ${paths.directory}`,
        ].join('\n'),
      );
    });
}

function sealWords({ unsealed, unsealedEarly, state }: RunSummary): string {
  if (!unsealed) return 'sealed until the search has ended';
  if (unsealedEarly !== true) return 'unsealed';
  return state === 'finished'
    ? 'unsealed, in part before the end'
    : 'unsealed early; of later candidates sealed until the end';
}

function switchLines({ config }: RunSummary): string[] {
  const switches = switchesOf(config);
  return switches.length === 0 ? [] : [`switches: ${switches.join(', ')}`];
}

function progressLines(summary: RunSummary): string[] {
  const since = stagnationWords(summary);
  const { told, submitted } = summary.nearDuplicates;
  return [
    `best search: ${bestWords(summary)}${since === null ? '' : `; ${since}`}`,
    ...(told + submitted === 0
      ? []
      : [`near-duplicates: ${told} agents were told, ${submitted} such programs came in all the same`]),
  ];
}

function candidates(): Command {
  return withCommon(new Command('candidates'))
    .description('The candidates of a run, in the order they were started.')
    .addArgument(runArgument())
    .action(async (run: string, options: CommonOptions) => {
      const home = homeOf(options);
      const { view } = await readRun(home, await resolveRun(home, run));
      const all = [...view.candidates.values()];
      print(options.json ?? false, 'runs candidates', { run: view.summary.id, candidates: all }, () =>
        table(
          ['#', 'made by', 'state', 'search', 'validation', 'test', 'steps', 'what'],
          all.map((one) => row(one, view.summary)),
        ),
      );
    });
}

function row(candidate: Candidate, run: RunSummary): string[] {
  const parents = candidate.parents.map((id) => `#${id}`).join(' × ');
  const hidden = (score: Candidate['test']) =>
    score === null ? (isSealed(candidate, run) ? 'sealed' : '') : formatScoreWithError(score);
  return [
    String(candidate.id),
    parents === '' ? candidate.operator : `${candidate.operator} of ${parents}`,
    [
      candidate.failure === null ? candidate.state : `${candidate.state}: ${candidate.failure.kind}`,
      ...(candidate.pinned === true ? ['pinned'] : []),
      ...(candidate.excluded === true ? ['excluded'] : []),
      ...(candidate.repeats === undefined ? [] : [`run again ×${candidate.repeats.length}`]),
    ].join(', '),
    candidate.search === null ? '' : formatScoreWithError(candidate.search),
    hidden(candidate.validation),
    hidden(candidate.test),
    String(candidate.steps),
    candidate.summary.replaceAll(/\s+/g, ' ').slice(0, 70),
  ];
}

function trajectory(): Command {
  return withCommon(new Command('trajectory'))
    .description('How the agent of a candidate got there: reasons, actions, observations.')
    .argument('<run>', 'id, unique part of an id, or "last"')
    .argument('<candidate>', 'its number', whole(1, 1e9))
    .action(async (run: string, candidate: number, options: CommonOptions) => {
      const home = homeOf(options);
      const { view, paths } = await readRun(home, await resolveRun(home, run));
      const known = view.candidates.get(candidate);
      if (known === undefined)
        throw new CliError(
          exitCodes.notFound,
          `Run ${view.summary.id} has no candidate #${candidate}; it has ${view.candidates.size}.`,
        );
      const events = await StoredTrajectory.read(paths.candidate(candidate).trajectory);
      print(options.json ?? false, 'runs trajectory', { run: view.summary.id, candidate, events }, () =>
        events.length === 0
          ? `Candidate #${candidate} (${known.operator}) has no trajectory.`
          : renderTrajectory(events),
      );
    });
}

function report(): Command {
  return withCommon(new Command('report'))
    .description('What came out: the selected program, its score on rows nothing saw, errors, caveats, lineage.')
    .addArgument(runArgument())
    .action(async (run: string, options: CommonOptions) => {
      const home = homeOf(options);
      const { view } = await readRun(home, await resolveRun(home, run));
      const task = taskOfRun(home, view.summary);
      const data = runReport(view, task.manifest);
      print(options.json ?? false, 'runs report', data, () => renderReport(data));
    });
}

function exportProgram(): Command {
  return withCommon(new Command('export'))
    .description(
      'Write a candidate (default: the selected one) as a folder that runs by itself: program, environment, predictions.',
    )
    .addArgument(runArgument())
    .argument('[candidate]', 'its number (default: the selected one)', whole(1, 1e9))
    .requiredOption('--to <folder>', 'folder to make; it must not exist, or be empty')
    .action(async (run: string, candidate: number | undefined, options: CommonOptions & { to: string }) => {
      const home = homeOf(options);
      const { view, paths } = await readRun(home, await resolveRun(home, run));
      const chosen = chooseCandidate({ view, paths }, candidate ?? null);
      const task = taskOfRun(home, view.summary);
      const venv = virtualEnvironment(home);
      const done = await exportCandidate({ view, paths, task, candidate: chosen, to: options.to, venv });
      print(options.json ?? false, 'runs export', { run: view.summary.id, ...done }, () =>
        [
          `Candidate #${done.candidate} is in ${done.directory}:`,
          ...done.files.map((file) => `  ${file}`),
          `Run it with: ${done.directory}/run.sh`,
        ].join('\n'),
      );
    });
}

function pause(): Command {
  return withCommon(new Command('pause'))
    .description('Start nothing new in a live run; agents at work finish. `resume` lets it go on.')
    .addArgument(runArgument())
    .action((run: string, options: CommonOptions) => steer(run, options, 'paused'));
}

function stop(): Command {
  return withCommon(new Command('stop'))
    .description('End the search of a run and select. Agents at work are ended, evaluations finish.')
    .addArgument(runArgument())
    .option('--now', 'give up evaluations that are under way, too')
    .action((run: string, options: CommonOptions & { now?: boolean }) => steer(run, options, 'stopping'));
}

async function steer(
  text: string,
  options: CommonOptions & { now?: boolean },
  done: 'paused' | 'stopping',
): Promise<void> {
  const home = homeOf(options);
  const run = await resolveRun(home, text);
  const { view, live } = await readRun(home, run);
  if (!live) throw new CliError(exitCodes.badInput, notLive(view.summary));
  await callRun(home, run, (peer) =>
    done === 'paused'
      ? peer.request('run.pause', { run }, { timeoutMs: 10_000 })
      : peer.request('run.stop', { run, now: options.now ?? false }, { timeoutMs: 10_000 }),
  );
  print(options.json ?? false, 'runs steer', { run, done }, () =>
    done === 'paused' ? `Run ${run} is paused. Let it go on with: aira2 runs resume ${run}` : `Run ${run} is stopping.`,
  );
}
