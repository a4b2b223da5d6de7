/** A run that an agent server hosts, followed in this terminal as if it ran here. */
import type { RunView } from '../../protocol/projection.ts';
import type { RunSummary } from '../../protocol/run.ts';
import { RunFeed, type RunFeedChange } from '../../protocol/runFeed.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';
import { runReport } from '../analysis/report.ts';
import { taskOfRun } from '../api/taskOfRun.ts';
import { runDirectory, runPaths } from '../store/home.ts';
import { CliError, exitCodes } from './exitCodes.ts';
import { printOutcome } from './outcome.ts';
import { note } from './output.ts';
import { Progress, type ProgressSource } from './progress.ts';

export interface FollowOptions {
  home: string;
  run: string;
  json: boolean;
}

/** Ctrl-C and its like end only the following. */
class Detached extends CliError {
  constructor(run: string) {
    super(
      exitCodes.interrupted,
      `Detached: run ${run} goes on in the agent server. Follow it with \`aira2 runs follow ${run}\`, end it with \`aira2 runs stop ${run}\`.`,
    );
  }
}

/**
 * Shows the run until it has ended, and prints what came out.
 * @throws {CliError} with 130 if detached or interrupted, 5 if nothing could be selected
 */
export async function follow(client: AgentServerClient, options: FollowOptions): Promise<void> {
  const { home, run } = options;
  const feed = new RunFeed(client, run);
  const view = await feed.ready();
  const { summary } = view;
  if (summary.state === 'interrupted') {
    feed.dispose();
    throw interrupted(summary);
  }
  const progress = new Progress({ source: sourceOf(feed, view), stream: process.stderr });
  const { promise: detached, reject: detach } = Promise.withResolvers<never>();
  const onSignal = () => detach(new Detached(run));
  const subscriptions = [
    client.keep(() => client.request('workers.watch', { on: true })),
    client.on('workers.changed', ({ run: id, slots }) => {
      if (id === run) progress.slots(slots);
    }),
    client.onState((state) => {
      if (state.kind === 'reconnecting')
        progress.say(`the agent server does not answer; waiting for it (${state.reason})`);
      if (state.kind === 'stopped')
        detach(state.error ?? new CliError(exitCodes.interrupted, `${state.reason}. Run ${run} is as it was left.`));
    }),
  ];
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  try {
    note(`run ${run}: ${summary.config.task}, ${summary.config.model}, in the agent server. Ctrl-C leaves it running.`);
    progress.start();
    const last = await Promise.race([ended(feed, view), detached]);
    progress.stop();
    report(home, last, options);
  } finally {
    progress.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
    for (const subscription of subscriptions) subscription.dispose();
    feed.dispose();
  }
}

/** What `Progress` needs: the present view, and each event after it. */
function sourceOf(feed: RunFeed, first: RunView): ProgressSource {
  return {
    get view() {
      return feed.view ?? first;
    },
    subscribe: (_, listener) => {
      const subscription = feed.onChange((change) => {
        if (change.kind === 'events') for (const event of change.events) listener(event);
      });
      return () => subscription.dispose();
    },
  };
}

function ended(feed: RunFeed, first: RunView): Promise<RunView> {
  return new Promise((resolve, reject) => {
    const look = (change: RunFeedChange) => {
      if (change.kind === 'ended') reject(change.error);
      else if (change.view.summary.state === 'finished') resolve(change.view);
      else if (change.view.summary.state === 'interrupted') reject(interrupted(change.view.summary));
    };
    feed.onChange(look);
    look({ kind: 'reset', view: feed.view ?? first });
  });
}

function interrupted({ id, interruption }: RunSummary): CliError {
  const why = interruption === undefined ? `Run ${id} is interrupted` : interruption;
  return new CliError(exitCodes.interrupted, `${why}. Go on with: aira2 runs resume ${id}`);
}

function report(home: string, view: RunView, { run, json }: FollowOptions): void {
  const data = runReport(view, taskOfRun(home, view.summary).manifest);
  const { report: path } = runPaths(runDirectory(home, run));
  printOutcome(json, data, path);
}
