/** A run on the disk that has ended, of any size, as the engine would have left it: its event log. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Candidate, RunEvent, RunEventBody } from '../../../protocol/run.ts';
import { runStarted } from '../../support/candidates.ts';
import { type SyntheticOptions, syntheticRun } from '../../support/syntheticRun.ts';

interface Moment {
  at: number;
  body: RunEventBody;
}

/** @returns its id, which its task names: `synthetic` */
export async function storeRun(home: string, options: SyntheticOptions): Promise<string> {
  const run = syntheticRun({ unsealed: true, slots: 8, ...options });
  const { config, metric, createdAt } = run.summary;
  const lived = run.candidates.flatMap(momentsOf).sort((a, b) => a.at - b.at);
  const end = lived.at(-1)?.at ?? createdAt;
  const moments: Moment[] = [
    { at: createdAt, body: { ...runStarted(), config: { ...config, task: 'synthetic' }, metric } },
    ...lived,
    { at: end, body: { type: 'run_stopping', reason: 'all candidates are made' } },
    {
      at: end,
      body: {
        type: 'unsealed',
        scores: run.candidates.map(hiddenScores),
        selected: run.summary.selected,
        early: false,
      },
    },
    { at: end, body: { type: 'run_finished', reason: 'all candidates are made' } },
  ];
  const events = moments.map(({ at, body }, index): RunEvent => ({ seq: index + 1, at, body }));
  const folder = join(home, 'runs', run.summary.id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return run.summary.id;
}

function momentsOf(candidate: Candidate): Moment[] {
  const { id, createdAt, submittedAt = createdAt, endedAt, summary, steps, search, failure, evaluation } = candidate;
  const { submittedAt: _submittedAt, endedAt: _endedAt, ...born } = candidate;
  const started: Candidate = {
    ...born,
    state: 'running',
    summary: '',
    search: null,
    validation: null,
    test: null,
    failure: null,
    evaluation: [],
    endedAt: null,
  };
  const moments: Moment[] = [
    { at: createdAt, body: { type: 'candidate_started', candidate: started, request: null, generator: [] } },
    { at: submittedAt, body: { type: 'candidate_submitted', id, summary, steps } },
  ];
  if (endedAt === null) return moments;
  if (search !== null)
    moments.push({
      at: endedAt,
      body: { type: 'candidate_scored', id, search, evaluation, suspiciouslyPerfect: false },
    });
  else if (failure !== null)
    moments.push({ at: endedAt, body: { type: 'candidate_failed', id, failure, steps, evaluation } });
  return moments;
}

function hiddenScores({ id, validation, test }: Candidate) {
  return { id, validation, test };
}
