import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, openRunView } from '../../protocol/projection.ts';
import type { Candidate, RunEventBody } from '../../protocol/run.ts';
import { candidate, runStarted } from '../../test/support/candidates.ts';
import { draftContext } from '../../test/support/operatorContext.ts';
import { renderPrompt } from '../agent/prompt.ts';
import type { OperatorContext } from '../models/operatorContext.ts';
import { operatorContext } from './operatorContext.ts';
import { Population } from './population.ts';

/** What the agent of a candidate is told after these events. */
function contextAfter(events: RunEventBody[], made: Candidate): Promise<OperatorContext> {
  const started = runStarted({ drafts: 5 });
  const view = openRunView('toy', { seq: 1, at: 0, body: started });
  for (const body of events) applyEvent(view, { seq: view.lastSeq + 1, at: view.lastSeq, body });
  const { task, hardware, limits } = draftContext();
  return operatorContext(made, {
    ...{ task, hardware, limits, switches: started.config },
    population: Population.of(view),
    readProgram: async () => [],
    readLog: async () => '',
  });
}

const start = (made: Candidate): RunEventBody => ({
  type: 'candidate_started',
  candidate: made,
  request: null,
  generator: [],
});
const submitted = (id: number, summary: string): RunEventBody => ({
  type: 'candidate_submitted',
  id,
  summary,
  steps: 3,
});

test('a first program is to be of another family than those that are under way or done, and is told which those are', async () => {
  const own = candidate(5, { summary: '' });
  const context = await contextAfter(
    [
      ...[1, 2, 3, 4].map((id) => start(candidate(id, { summary: '' }))),
      submitted(1, 'gradient-boosted trees'),
      {
        type: 'candidate_scored',
        id: 1,
        search: { value: 0.25, standardError: 0, rows: 1 },
        evaluation: [],
        suspiciouslyPerfect: false,
      },
      submitted(2, 'a linear model'),
      { type: 'candidate_failed', id: 2, failure: { kind: 'timeout', message: 'slow' }, steps: 3, evaluation: [] },
      { type: 'candidate_idea', id: 3, idea: 'nearest neighbours' },
      start(own),
    ],
    own,
  );
  const prompt = renderPrompt(context);
  assert.match(prompt, /Others have been started \(4\): choose another family of method than those listed below/);
  const listed = (title: string) => prompt.split(`# ${title}`)[1]?.split('\n# ')[0] ?? '';
  const done = listed('Other first programs: do something else');
  assert.match(done, /- #1 draft: gradient-boosted trees → rmse 0\.25/);
  assert.match(done, /- #2 draft: a linear model → timeout/);
  const underWay = listed('Being tried by others right now: do something else');
  assert.match(underWay, /- #3 draft: nearest neighbours/);
  assert.match(underWay, /- #4 draft: \(no summary yet\)/);
  assert.doesNotMatch(prompt, /#5/, 'not of itself');
});

test('the very first program has nothing to keep away from', async () => {
  const own = candidate(1);
  const prompt = renderPrompt(await contextAfter([start(own)], own));
  assert.match(prompt, /Write a program from scratch\.$/m);
  assert.doesNotMatch(prompt, /another family|do something else/);
});
