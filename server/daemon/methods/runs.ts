/** Looking at runs and following them. */
import type { RunId } from '../../../protocol/run.ts';
import { renderReport, runReport } from '../../analysis/report.ts';
import { deleteRun } from '../../api/deleteRun.ts';
import { RefusedError } from '../../api/refusal.ts';
import { taskOfRun } from '../../api/taskOfRun.ts';
import { existingFile } from '../candidateFiles.ts';
import type { ClientSession } from '../clientSession.ts';
import type { Methods } from '../methods.ts';
import { RunFollower } from '../runFollower.ts';
import { followedRun, type ServerParts } from '../server.ts';

type RunMethods = Pick<
  Methods,
  | 'runs.list'
  | 'runs.watch'
  | 'run.get'
  | 'run.snapshot'
  | 'run.events'
  | 'run.follow'
  | 'run.unfollow'
  | 'run.report'
  | 'run.delete'
  | 'workers.watch'
>;

export function runMethods(server: ServerParts): RunMethods {
  const { home, catalog, hosting, runWatch, workersWatch } = server;
  return {
    'runs.list': () => catalog.list(),
    'runs.watch': (_, { session }) => {
      session.watchesRuns = true;
      return {};
    },
    'run.get': ({ run }) => catalog.summary(run),
    'run.snapshot': async ({ run }) => {
      const source = await catalog.open(run);
      const { candidates, pending, lastSeq, activeSince } = source.view;
      // Copied now: the answer is written later, and the view goes on.
      return {
        summary: source.summary(),
        candidates: [...candidates.values()].map((candidate) => ({ ...candidate })),
        pending: [...pending],
        lastSeq,
        activeSince: source.isLive ? activeSince : null,
      };
    },
    'run.events': async ({ run, sinceSeq, limit }) => {
      const source = await catalog.open(run);
      return { events: await source.events(sinceSeq, limit), lastSeq: source.view.lastSeq };
    },
    'run.follow': async ({ run, sinceSeq }, { session }) => {
      await catalog.require(run);
      session.follow(followedRun(run), () => follower(server, session, run, sinceSeq));
      return {};
    },
    'run.unfollow': ({ run }, { session }) => {
      session.unfollow(followedRun(run));
      return {};
    },
    'run.report': async ({ run }) => {
      const source = await catalog.open(run);
      const summary = source.summary();
      const report = runReport({ ...source.view, summary }, taskOfRun(home, summary).manifest);
      const isWritten = summary.state === 'finished' && (await existingFile(source.paths.report));
      return { markdown: renderReport(report), path: isWritten ? source.paths.report : null };
    },
    'run.delete': async ({ run }) => {
      await catalog.require(run);
      if (hosting.get(run) !== null)
        throw new RefusedError('refused', `Run ${run} is live. Stop it first, then delete it.`);
      await deleteRun(home, run);
      await hosting.forget(run);
      catalog.forget(run);
      runWatch.deleted(run);
      return {};
    },
    'workers.watch': ({ on }, { session }) => {
      if (on) workersWatch.begin(session);
      else session.watchesWorkers = false;
      return {};
    },
  };
}

function follower({ catalog, log }: ServerParts, session: ClientSession, run: RunId, sinceSeq: number): RunFollower {
  const end = () => session.unfollow(followedRun(run));
  return new RunFollower({
    run,
    sinceSeq,
    catalog,
    send: (events) => session.notify('run.events', { run, events }, Number.POSITIVE_INFINITY),
    bufferedBytes: () => session.peer.bufferedBytes,
    lagging: () => {
      log.info({ client: session.number, run }, 'a client reads too slowly: it has to follow again');
      end();
      session.notify('run.lagging', { run }, Number.POSITIVE_INFINITY);
    },
    failed: (error) => {
      log.warn({ client: session.number, run, err: error }, 'a run cannot be followed any more');
      end();
    },
  });
}
