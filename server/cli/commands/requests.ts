/** `aira2 fork` and `aira2 submit`: a person's wishes, served before anything the search would do by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { maxGuidance, maxSummary } from '../../../protocol/client.ts';
import { taskOfRun } from '../../api/taskOfRun.ts';
import { entryFile } from '../../search/entryFile.ts';
import { prepareRequest, type Wish } from '../../search/requests.ts';
import { LockedError } from '../../store/processLock.ts';
import { readProgramFolder } from '../../store/programFolder.ts';
import { RunStore, readRun } from '../../store/runStore.ts';
import { homeOf, resolveRun } from '../machine.ts';
import { whole } from '../numbers.ts';
import { type CommonOptions, textUpTo, withCommon } from '../options.ts';
import { print } from '../output.ts';
import { callRun, RunBetweenError } from '../runClient.ts';

const deliveryDeadlineMs = 10_000;

export function requestCommands(): Command[] {
  return [fork(), submit()];
}

const candidateNumber = whole(1, 1e9);

function fork(): Command {
  return withCommon(new Command('fork'))
    .description('Have an agent go on from a candidate, or combine it with another.')
    .argument('<run>', 'id, unique part of an id, or "last"')
    .argument('<candidate>', 'the parent', candidateNumber)
    .option('--with <candidate>', 'a second parent: crossover instead of mutation', candidateNumber)
    .option('--guidance <text>', 'words for the agent: what to try', textUpTo(maxGuidance))
    .action(async (run: string, parent: number, options: CommonOptions & { with?: number; guidance?: string }) => {
      const { guidance } = options;
      const wish: Wish =
        options.with === undefined
          ? { kind: 'fork', parent, guidance }
          : { kind: 'cross', parents: [parent, options.with], guidance };
      await ask(run, wish, options);
    });
}

function submit(): Command {
  return withCommon(new Command('submit'))
    .description('Enter a program of your own: it is evaluated like any other candidate, and can become a parent.')
    .argument('<run>', 'id, unique part of an id, or "last"')
    .argument('<folder>', 'the program; it must hold the file that the task runs (solution.py)')
    .option('--parent <candidate>', 'the candidate it was made from', candidateNumber)
    .option('--summary <text>', 'one line: what it does', textUpTo(maxSummary), 'submitted by a person')
    .action(async (run: string, folder: string, options: CommonOptions & { parent?: number; summary: string }) => {
      const files = await readProgramFolder(folder);
      await ask(run, { kind: 'submit', parent: options.parent, summary: options.summary, files }, options);
    });
}

/** To the live server, or, for a run that is down, into its log: it is served when the run is resumed. */
async function ask(text: string, wish: Wish, options: CommonOptions): Promise<void> {
  const home = homeOf(options);
  const run = await resolveRun(home, text);
  const { request, live } = await deliver(home, run, wish);
  print(options.json ?? false, 'request', { run, request, live }, () =>
    live
      ? `Queued in run ${run}, before its own work.`
      : `Stored in run ${run}. It is served when the run goes on: aira2 runs resume ${run}`,
  );
}

/** Two commands at the same moment take turns at a run that is down: the second waits for the first. */
async function deliver(home: string, run: string, wish: Wish): Promise<{ request: string; live: boolean }> {
  for (const deadline = Date.now() + deliveryDeadlineMs; ; await sleep(100)) {
    const { live } = await readRun(home, run);
    try {
      return { request: live ? await askServer(home, run, wish) : await askStore(home, run, wish), live };
    } catch (error) {
      const isBetween = error instanceof RunBetweenError || error instanceof LockedError;
      if (!isBetween || Date.now() > deadline) throw error;
    }
  }
}

async function askServer(home: string, run: string, wish: Wish): Promise<string> {
  const timeout = { timeoutMs: 30_000 };
  const guidance = 'guidance' in wish && wish.guidance !== undefined ? { guidance: wish.guidance } : {};
  const { request } = await callRun(home, run, (peer) => {
    switch (wish.kind) {
      case 'fork':
        return peer.request('run.fork', { run, parent: wish.parent, ...guidance }, timeout);
      case 'cross':
        return peer.request('run.cross', { run, parents: wish.parents, ...guidance }, timeout);
      case 'submit': {
        const parent = wish.parent === undefined ? {} : { parent: wish.parent };
        return peer.request('run.submit', { run, summary: wish.summary, files: wish.files, ...parent }, timeout);
      }
    }
  });
  return request;
}

async function askStore(home: string, run: string, wish: Wish): Promise<string> {
  const store = await RunStore.open(home, run);
  try {
    // Only a submission needs to know what the task runs.
    const entry = wish.kind === 'submit' ? entryFile(taskOfRun(home, store.view.summary).manifest.run.cmd) : null;
    const { request, body } = await prepareRequest(store, wish, entry);
    await store.append({ type: 'request_queued', request, body });
    return request;
  } finally {
    await store.close();
  }
}
