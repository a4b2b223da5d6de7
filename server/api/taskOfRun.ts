/** The task that a run is of, as it is prepared here, and whether that is still what the run began with. */
import type { RunSummary } from '../../protocol/run.ts';
import { loadPreparedTask } from '../tasks/catalog.ts';
import { TaskNotFoundError, TaskNotPreparedError } from '../tasks/errors.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { RefusedError } from './refusal.ts';

/** @throws {RefusedError} `not_found`, with the command that prepares it */
export function taskOfRun(home: string, { id, config }: Pick<RunSummary, 'id' | 'config'>): PreparedTask {
  const name = `${config.task}@${config.taskVersion}`;
  try {
    return loadPreparedTask(home, name);
  } catch (error) {
    if (!(error instanceof TaskNotFoundError || error instanceof TaskNotPreparedError)) throw error;
    throw new RefusedError(
      'not_found',
      `Run ${id} is of task ${name}, which is not prepared in ${home}. Prepare it again: aira2 task prepare ${config.task} (or the path of its manifest)`,
    );
  }
}

/**
 * As `taskOfRun`, for a run that is to go on: same splits, same rules of scoring, or not at all.
 * @throws {RefusedError}
 */
export function taskToGoOnWith(home: string, summary: RunSummary): PreparedTask {
  const { id, config, splitHash, scoringHash, metric } = summary;
  const task = taskOfRun(home, summary);
  if (task.splitHash !== splitHash)
    throw new RefusedError(
      'bad_input',
      `Run ${id} was made on other splits of ${config.task}@${config.taskVersion} than are prepared now: its scores cannot be compared with new ones. Restore that task, or start a new run.`,
    );
  const scoredAlike =
    scoringHash === undefined
      ? metric.name === task.manifest.metric.name && metric.direction === task.manifest.metric.direction
      : scoringHash === task.scoringHash;
  if (!scoredAlike)
    throw new RefusedError(
      'bad_input',
      `Run ${id} was scored by other rules than ${config.task}@${config.taskVersion} has now (metric, prediction or run.cmd of its manifest was changed since; the run's metric is ${metric.name}, to ${metric.direction}): its scores cannot be compared with new ones. Undo the change and prepare the task again, or start a new run.`,
    );
  return task;
}
