import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, openRunView } from '../../protocol/projection.ts';
import type { RunEventBody } from '../../protocol/run.ts';
import { candidate, runStarted } from '../../test/support/candidates.ts';
import { standing } from './standing.ts';

const hour = 3_600_000;

/** Two candidates in the first hour, then nine hours in which no server ran. */
function resumedRun(budget: { candidates: number | null; hours: number | null }) {
  const view = openRunView('20260101-000000-toy-0000', { seq: 1, at: 0, body: runStarted(budget) });
  const failure = { kind: 'program_error', message: 'x' } as const;
  const bodies: [number, RunEventBody][] = [
    ...[1, 2].flatMap((id): [number, RunEventBody][] => [
      [0, { type: 'candidate_started', candidate: candidate(id), request: null, generator: [1, 2, 3, 4] }],
      [hour, { type: 'candidate_failed', id, failure, steps: 1, evaluation: [] }],
    ]),
    [10 * hour, { type: 'run_resumed', pid: 1 }],
  ];
  bodies
    .sort(([a], [b]) => a - b)
    .forEach(([at, body], index) => {
      applyEvent(view, { seq: index + 2, at, body });
    });
  return view;
}

test('rate and time left count activity, not the time in which no server ran', () => {
  const now = 10 * hour + hour / 2;
  const text = standing(resumedRun({ candidates: 6, hours: null }), now);
  assert.equal(text, '2 of 6 candidates (2 failed) · 1.3/h · 90 min 0 s so far · about 3.0 h left');
});

test('the budget of hours ticks between events', () => {
  assert.match(standing(resumedRun({ candidates: null, hours: 2 }), 10 * hour + hour / 2), /about 30 min 0 s left$/);
});

test('a paused run stands still', () => {
  const view = resumedRun({ candidates: 6, hours: null });
  applyEvent(view, { seq: 7, at: 10 * hour, body: { type: 'run_paused' } });
  assert.equal(standing(view, 20 * hour), standing(view, 10 * hour));
});
