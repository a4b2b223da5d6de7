/** Where things are on disk. One home holds prepared tasks, runs and caches; every path is derived here. */
import { join } from 'node:path';

export const runsDirectory = (home: string) => join(home, 'runs');
export const runDirectory = (home: string, run: string) => join(home, 'runs', run);

/** The files of one run. */
export function runPaths(directory: string) {
  return {
    directory,
    document: join(directory, 'run.json'),
    events: join(directory, 'events.jsonl'),
    lock: join(directory, 'lock'),
    discovery: join(directory, 'server.json'),
    workers: join(directory, 'workers'),
    log: join(directory, 'server.log'),
    report: join(directory, 'report.md'),
    reportData: join(directory, 'report.json'),
    /** Sketches of programs, derived from them. */
    sketches: join(directory, 'sketches.jsonl'),
    candidates: join(directory, 'candidates'),
    candidate: (id: number) => candidatePaths(join(directory, 'candidates'), id),
  };
}
export type RunPaths = ReturnType<typeof runPaths>;

function candidatePaths(candidates: string, id: number) {
  const directory = join(candidates, String(id));
  return {
    document: join(candidates, `${id}.json`),
    directory,
    program: join(directory, 'program'),
    trajectory: join(directory, 'trajectory.jsonl'),
    evaluationLog: join(directory, 'evaluation.log'),
    /** Full outputs of its agent's tool calls, as far as they are kept. */
    outputs: join(directory, 'outputs'),
    /** Predictions on all hidden rows: sealed material, 0700. */
    predictions: join(directory, 'predictions'),
  };
}
