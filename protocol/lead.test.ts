import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { candidate, runStarted } from '../test/support/candidates.ts';
import { describeLead } from './lead.ts';
import { applyEvent, openRunView, type RunView } from './projection.ts';
import type { RunEventBody, Score } from './run.ts';

function started(count: number): RunView {
  const view = openRunView('toy', { seq: 1, at: 0, body: runStarted() });
  for (let id = 1; id <= count; id += 1)
    tell(view, { type: 'candidate_started', candidate: candidate(id), request: null, generator: [] });
  return view;
}

function tell(view: RunView, body: RunEventBody): void {
  applyEvent(view, { seq: view.lastSeq + 1, at: view.lastSeq, body });
}

type Scored = Extract<RunEventBody, { type: 'candidate_scored' }>;

/** Minimized; every score has a standard error of 0.1. */
function score(view: RunView, id: number, value: number, more: Partial<Scored> & { search?: Score } = {}): void {
  const search = { value, standardError: 0.1, rows: 100 };
  tell(view, { type: 'candidate_scored', id, search, evaluation: [], suspiciouslyPerfect: false, ...more });
}

const leadOf = (view: RunView) => view.summary.bestSearch?.lead ?? null;

describe('the best of a run', () => {
  it('is better at all, and says whether that is more than noise', () => {
    const view = started(4);
    score(view, 1, 1);
    assert.equal(leadOf(view), null);
    score(view, 2, 0.9);
    const within = leadOf(view);
    assert.equal(view.summary.bestSearch?.candidate, 2);
    assert.ok(within !== null && Math.abs(within.difference - 0.1) < 1e-12);
    assert.equal(describeLead(within), 'ahead of #1 by 0.7 standard errors, within noise');
    assert.equal(view.summary.clearBest?.candidate, 1);
    score(view, 3, 0.5);
    assert.equal(view.summary.clearBest?.candidate, 3);
    assert.match(describeLead(leadOf(view) ?? within), /^ahead of #1 by 3\.5 standard errors$/);
  });

  it('counts many small steps together: each is compared with the last clear best', () => {
    const view = started(6);
    for (const [index, value] of [1, 0.93, 0.86, 0.79, 0.72, 0.65].entries()) score(view, index + 1, value);
    // 0.65 is 0.35 better than 1, of whose difference the error is 0.14; every single step is half an error.
    assert.equal(view.summary.clearBest?.candidate, 6);
    assert.equal(leadOf(view)?.over, 1);
  });

  it('trusts a comparison of both predictions more than their errors, if it is with the present clear best', () => {
    const paired = { over: 1, difference: 0.1, standardError: 0.01, paired: true };
    const view = started(4);
    score(view, 1, 1);
    score(view, 2, 0.9, { lead: paired });
    assert.equal(view.summary.clearBest?.candidate, 2);
    assert.equal(leadOf(view)?.paired, true);
    // Scored while #1 was the clear best; #2 has come in between.
    score(view, 3, 0.85, { lead: { ...paired, difference: 0.15 } });
    assert.equal(leadOf(view)?.paired, false);
    assert.equal(leadOf(view)?.over, 2);
  });

  it('shows how long nothing better has come', () => {
    const view = started(6);
    score(view, 1, 1);
    score(view, 2, 0.95);
    score(view, 3, 2);
    tell(view, {
      type: 'candidate_failed',
      id: 4,
      failure: { kind: 'timeout', message: '' },
      steps: 1,
      evaluation: [],
    });
    tell(view, { type: 'candidate_abandoned', id: 5, reason: 'nobody is to blame' });
    assert.deepEqual(view.summary.stagnation, { sinceBest: 2, sinceClearBest: 3 });
    score(view, 6, 0.2);
    assert.deepEqual(view.summary.stagnation, { sinceBest: 0, sinceClearBest: 0 });
  });

  it('says nothing of noise where programs report their own scores', () => {
    const view = started(2);
    const reported = (value: number): Score => ({ value, standardError: 0, rows: 1, selfReported: true });
    score(view, 1, 1, { search: reported(1) });
    score(view, 2, 0.5, { search: reported(0.5) });
    assert.deepEqual(view.summary.bestSearch, { candidate: 2, score: reported(0.5), lead: null });
  });
});
