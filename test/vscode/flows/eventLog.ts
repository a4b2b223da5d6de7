/** What the run of a home has come to by its own log: rows that have left the view included. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEvent } from '../../../protocol/run.ts';

export interface LoggedScore {
  id: number;
  value: number;
}

/** Candidates that were scored in the one run of this home, in the order in which they were. */
export async function loggedScores(home: string): Promise<LoggedScore[]> {
  const runs = join(home, 'runs');
  const [run = ''] = await readdir(runs);
  const log = await readFile(join(runs, run, 'events.jsonl'), 'utf8');
  // The last line may be half written.
  const events = log
    .split('\n')
    .slice(0, -1)
    .map((line): RunEvent => JSON.parse(line));
  return events.flatMap(({ body }) =>
    body.type === 'candidate_scored' ? [{ id: body.id, value: body.search.value }] : [],
  );
}
