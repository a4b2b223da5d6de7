/** `aira2 fork`, `submit`, `reevaluate`, `mark`: a person's wishes for candidates. What makes work goes ahead of sampled work. */
import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { maxGuidance, maxSummary } from '../../../protocol/client.ts';
import { maxRepeats } from '../../../protocol/run.ts';
import { markWords } from '../../analysis/requestWords.ts';
import { readProgramFolder } from '../../store/programFolder.ts';
import { CliError, exitCodes } from '../exitCodes.ts';
import { homeOf, resolveRun } from '../machine.ts';
import { whole } from '../numbers.ts';
import { type CommonOptions, textUpTo, withCommon } from '../options.ts';
import { print } from '../output.ts';
import { steer } from '../steer.ts';

const timeout = { timeoutMs: 30_000 };

export function requestCommands(): Command[] {
  return [fork(), submit(), reevaluate(), mark()];
}

const candidateNumber = whole(1, 1e9);

/** What the four of them have in common. */
function candidateCommand(name: string, description: string, candidate: string): Command {
  return withCommon(new Command(name))
    .description(description)
    .argument('<run>', 'id, unique part of an id, or "last"')
    .argument('<candidate>', candidate, candidateNumber);
}

type Wish = Parameters<typeof steer<string>>[2];

/** To the live server, or, for a run that is down, into its log: it is served when the run is resumed. */
async function ask(
  text: string,
  options: CommonOptions,
  wish: (run: string, operation: string) => Wish,
): Promise<void> {
  const home = homeOf(options);
  const run = await resolveRun(home, text);
  const { result: request, live } = await steer(home, run, wish(run, `aira2-${process.pid}-${randomUUID()}`));
  print(options.json ?? false, 'request', { run, request, live }, () =>
    live
      ? `Queued in run ${run}, before its own work.`
      : `Stored in run ${run}. It is served when the run goes on: aira2 runs resume ${run}`,
  );
}

function fork(): Command {
  return candidateCommand('fork', 'Have an agent go on from a candidate, or combine it with another.', 'the parent')
    .option('--with <candidate>', 'a second parent: crossover instead of mutation', candidateNumber)
    .option('--guidance <text>', 'words for the agent: what to try', textUpTo(maxGuidance))
    .action((text: string, parent: number, options: CommonOptions & { with?: number; guidance?: string }) => {
      const words = options.guidance === undefined ? {} : { guidance: options.guidance };
      const second = options.with;
      return ask(text, options, (run, operation) =>
        second === undefined
          ? {
              live: async (peer) =>
                (await peer.request('run.fork', { run, parent, ...words, operation }, timeout)).request,
              down: (steering) => steering.ask(operation, { kind: 'fork', parent, ...words }),
            }
          : {
              live: async (peer) =>
                (await peer.request('run.cross', { run, parents: [parent, second], ...words, operation }, timeout))
                  .request,
              down: (steering) => steering.ask(operation, { kind: 'cross', parents: [parent, second], ...words }),
            },
      );
    });
}

function submit(): Command {
  return withCommon(new Command('submit'))
    .description('Enter a program of your own: it is evaluated like any other candidate, and can become a parent.')
    .argument('<run>', 'id, unique part of an id, or "last"')
    .argument('<folder>', 'the program; it must hold the file that the task runs (solution.py)')
    .option('--parent <candidate>', 'the candidate it was made from', candidateNumber)
    .option('--summary <text>', 'one line: what it does', textUpTo(maxSummary), 'submitted by a person')
    .action(async (text: string, folder: string, options: CommonOptions & { parent?: number; summary: string }) => {
      const { parent, summary } = options;
      const wish = { summary, files: await readProgramFolder(folder), ...(parent === undefined ? {} : { parent }) };
      await ask(text, options, (run, operation) => ({
        live: async (peer) => (await peer.request('run.submit', { run, ...wish, operation }, timeout)).request,
        down: (steering) => steering.ask(operation, { kind: 'submit', ...wish }),
      }));
    });
}

function reevaluate(): Command {
  return candidateCommand(
    'reevaluate',
    "Run a candidate's program again with other seeds: how much of its score is luck. The score itself stays.",
    'its number',
  )
    .option('--times <n>', 'how often', whole(1, maxRepeats), 3)
    .action((text: string, candidate: number, options: CommonOptions & { times: number }) => {
      const { times } = options;
      return ask(text, options, (run, operation) => ({
        live: async (peer) =>
          (await peer.request('candidate.reevaluate', { run, candidate, times, operation }, timeout)).request,
        down: (steering) => steering.ask(operation, { kind: 'reevaluate', candidate, times }),
      }));
    });
}

interface MarkOptions extends CommonOptions {
  pin?: true;
  unpin?: true;
  exclude?: true;
  include?: true;
}

function mark(): Command {
  return candidateCommand(
    'mark',
    'Pin a candidate, or keep it from being a parent and from being selected.',
    'its number',
  )
    .addOption(new Option('--pin', 'keep it in view').conflicts('unpin'))
    .option('--unpin', 'take the pin away')
    .addOption(
      new Option('--exclude', 'it is not sampled as a parent and not selected at the end').conflicts('include'),
    )
    .option('--include', 'let it be sampled and selected again')
    .action(async (text: string, candidate: number, options: MarkOptions) => {
      const { pin, unpin, exclude, include } = options;
      const marks = {
        ...(pin || unpin ? { pinned: pin === true } : {}),
        ...(exclude || include ? { excluded: exclude === true } : {}),
      };
      if (Object.keys(marks).length === 0)
        throw new CliError(exitCodes.badInput, 'Say how to mark it: --pin, --unpin, --exclude or --include.');
      const home = homeOf(options);
      const run = await resolveRun(home, text);
      const { live } = await steer(home, run, {
        live: (peer) => peer.request('candidate.mark', { run, candidate, ...marks }, timeout),
        down: (steering) => steering.mark(candidate, marks),
      });
      print(
        options.json ?? false,
        'mark',
        { run, candidate, live, ...marks },
        () => `Candidate #${candidate} of run ${run} is ${markWords(marks).join(' and ')}.`,
      );
    });
}
