/** `aira2 runs extend`, `finish`, `unseal`, `delete`: what a person decides about a run, live or down. */
import { Argument, Command } from 'commander';
import type { BudgetExtension } from '../../../protocol/run.ts';
import { deleteRun } from '../../api/deleteRun.ts';
import { readRun } from '../../store/runStore.ts';
import { boundWords } from '../boundWords.ts';
import { CliError, exitCodes } from '../exitCodes.ts';
import { homeOf, resolveRun } from '../machine.ts';
import { positive, whole } from '../numbers.ts';
import { type CommonOptions, withCommon } from '../options.ts';
import { print } from '../output.ts';
import { steer } from '../steer.ts';

const timeout = { timeoutMs: 10_000 };
/** Every candidate is scored on two splits. */
const unsealing = { timeoutMs: 600_000 };

const runArgument = () => new Argument('[run]', 'id, unique part of an id, or "last"').default('last');
/** What cannot be taken back is never done to "last" by a slip. */
const namedRun = () => new Argument('<run>', 'id, unique part of an id, or "last"');

interface ExtendOptions extends CommonOptions {
  candidates?: number;
  hours?: number;
  cost?: number;
  tokens?: number;
  gpuHours?: number;
}

export function extend(): Command {
  return withCommon(new Command('extend'))
    .description('Add to what bounds a run. A live run goes on at once, one that is down when it is resumed.')
    .addArgument(runArgument())
    .option('--candidates <n>', 'so many candidates more', whole(1, 1_000_000))
    .option('--hours <h>', 'so many hours more', positive)
    .option('--cost <usd>', 'so many US dollars more', positive)
    .option('--tokens <n>', 'so many tokens more', whole(1, Number.MAX_SAFE_INTEGER))
    .option('--gpu-hours <h>', 'so many GPU-hours more', positive)
    .action(async (text: string, options: ExtendOptions) => {
      const { candidates, hours, cost, tokens, gpuHours } = options;
      const by: BudgetExtension = {
        ...(candidates === undefined ? {} : { candidates }),
        ...(hours === undefined ? {} : { hours }),
        ...(cost === undefined ? {} : { costUsd: cost }),
        ...(tokens === undefined ? {} : { tokens }),
        ...(gpuHours === undefined ? {} : { gpuHours }),
      };
      if (Object.keys(by).length === 0)
        throw new CliError(exitCodes.badInput, 'Say by what: --candidates, --hours, --cost, --tokens or --gpu-hours.');
      const home = homeOf(options);
      const run = await resolveRun(home, text);
      const { live } = await steer(home, run, {
        live: (peer) => peer.request('run.extend', { run, by }, timeout),
        down: (steering) => steering.extend(by),
      });
      const { config } = (await readRun(home, run)).view.summary;
      const { candidates: most, hours: longest, budget = {} } = config;
      print(
        options.json ?? false,
        'runs extend',
        { run, live, bounds: { candidates: most, hours: longest, budget } },
        () =>
          `Run ${run} may now take ${boundWords(config).join(', ')}.${live ? '' : ` Go on with: aira2 runs resume ${run}`}`,
      );
    });
}

export function finish(): Command {
  return withCommon(new Command('finish'))
    .description('Start nothing new, let agents at work come to their end, then select. `stop` ends them at once.')
    .addArgument(runArgument())
    .action(async (text: string, options: CommonOptions) => {
      const home = homeOf(options);
      const run = await resolveRun(home, text);
      const { live } = await steer(home, run, {
        live: (peer) => peer.request('run.finish', { run }, timeout),
        down: (steering) => steering.finish(),
      });
      print(options.json ?? false, 'runs steer', { run, done: 'finishing' }, () =>
        live
          ? `Run ${run} is finishing: what is at work comes to its end.`
          : `Run ${run} finishes when it is taken up: aira2 runs resume ${run}`,
      );
    });
}

export function unseal(): Command {
  return withCommon(new Command('unseal'))
    .description(
      'Open validation and test scores before the search has ended, once and for all: the run and its report say so for good.',
    )
    .addArgument(namedRun())
    .option('--yes', 'really do it')
    .action(async (text: string, options: CommonOptions & { yes?: true }) => {
      const home = homeOf(options);
      const run = await resolveRun(home, text);
      if (options.yes !== true)
        throw new CliError(
          exitCodes.badInput,
          `Whoever sees hidden scores of run ${run} can steer by them, and its test score stops being one that nothing saw. The run is marked for good. If that is what you want: aira2 runs unseal ${run} --yes`,
        );
      await steer(home, run, {
        live: (peer) => peer.request('run.unseal', { run }, unsealing),
        down: (steering) => steering.unsealEarly(),
      });
      print(
        options.json ?? false,
        'runs steer',
        { run, done: 'unsealed' },
        () => `Validation and test scores of run ${run} are open, as of now: aira2 runs candidates ${run}`,
      );
    });
}

export function remove(): Command {
  return withCommon(new Command('delete'))
    .description('Delete a run that is not live: events, programs, trajectories, predictions.')
    .addArgument(namedRun())
    .option('--yes', 'really do it')
    .action(async (text: string, options: CommonOptions & { yes?: true }) => {
      const home = homeOf(options);
      const run = await resolveRun(home, text);
      if (options.yes !== true)
        throw new CliError(
          exitCodes.badInput,
          `Nothing of run ${run} is left afterwards. If that is what you want: aira2 runs delete ${run} --yes`,
        );
      await deleteRun(home, run);
      print(options.json ?? false, 'runs steer', { run, done: 'deleted' }, () => `Run ${run} is deleted.`);
    });
}
