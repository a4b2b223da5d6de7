/** Candidates: their programs, logs and trajectories. */
import { isAbsolute } from 'node:path';
import type { CandidateId, RunId } from '../../../protocol/run.ts';
import { chooseCandidate, exportCandidate } from '../../api/exportCandidate.ts';
import { RefusedError } from '../../api/refusal.ts';
import { taskOfRun } from '../../api/taskOfRun.ts';
import { programEntries, readProgramFile, tailOf } from '../candidateFiles.ts';
import { readKeptOutput } from '../keptOutput.ts';
import type { Methods } from '../methods.ts';
import { followedTrajectory, type ServerParts } from '../server.ts';
import { Trajectories, TrajectoryFollower } from '../trajectories.ts';

type CandidateMethods = Pick<
  Methods,
  | 'candidate.export'
  | 'candidate.files'
  | 'candidate.file'
  | 'candidate.log'
  | 'trajectory.page'
  | 'trajectory.follow'
  | 'trajectory.unfollow'
  | 'trajectory.output'
>;

const maxLogBytes = 256 * 1024;

export function candidateMethods({ home, catalog, venv, log }: ServerParts): CandidateMethods {
  const trajectories = new Trajectories();
  const pathsOf = async (run: RunId, candidate: CandidateId) => (await catalog.require(run)).candidate(candidate);
  return {
    'candidate.export': async ({ run, candidate, to }) => {
      if (!isAbsolute(to)) throw new RefusedError('bad_input', `${to} is no absolute path on this machine.`);
      const { view, paths } = await catalog.open(run);
      const chosen = chooseCandidate({ view, paths }, candidate);
      const task = taskOfRun(home, view.summary);
      return await exportCandidate({ view, paths, task, candidate: chosen, to, venv: venv() });
    },
    'candidate.files': async ({ run, candidate }) => {
      const { program } = await pathsOf(run, candidate);
      return { files: await programEntries(program), directory: program };
    },
    'candidate.file': async ({ run, candidate, path }) => {
      const { program } = await pathsOf(run, candidate);
      return { contentBase64: (await readProgramFile(program, path)).toString('base64') };
    },
    'candidate.log': async ({ run, candidate }) => {
      const { evaluationLog } = await pathsOf(run, candidate);
      return { text: await tailOf(evaluationLog, maxLogBytes) };
    },
    'trajectory.page': async ({ run, candidate, from, limit }) => {
      const file = await trajectories.open((await pathsOf(run, candidate)).trajectory);
      return { items: await file.page(from, limit), total: file.total };
    },
    'trajectory.follow': async ({ run, candidate, from }, { session }) => {
      const { trajectory: path } = await pathsOf(run, candidate);
      const begin = () =>
        new TrajectoryFollower({
          path,
          from,
          send: (items) => session.notify('trajectory.events', { run, candidate, items }, Number.POSITIVE_INFINITY),
          bufferedBytes: () => session.peer.bufferedBytes,
          log,
        });
      session.follow(followedTrajectory(run, candidate), begin);
      return {};
    },
    'trajectory.unfollow': ({ run, candidate }, { session }) => {
      session.unfollow(followedTrajectory(run, candidate));
      return {};
    },
    'trajectory.output': async ({ run, candidate, index, offset }) => {
      const paths = await pathsOf(run, candidate);
      const [item] = await (await trajectories.open(paths.trajectory)).page(index, 1);
      if (item?.event.type !== 'observation') return null;
      const { keptOutput } = item.event.observation;
      return keptOutput === undefined ? null : await readKeptOutput(paths.outputs, keptOutput, offset);
    },
  };
}
