import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openRunView } from '../../protocol/projection.ts';
import type { RunSummary } from '../../protocol/run.ts';
import { runStarted } from '../../test/support/candidates.ts';
import { bestWords, stagnationWords } from './bestSoFar.ts';

function summary(change: Partial<RunSummary>): RunSummary {
  return { ...openRunView('toy', { seq: 1, at: 0, body: runStarted() }).summary, ...change };
}

const score = { value: 0.25, standardError: 0.01, rows: 100 };

describe('the best of a run in words', () => {
  it('says how far it leads, and whether that is within noise', () => {
    const lead = { over: 3, difference: 0.01, standardError: 0.01, paired: true };
    assert.equal(
      bestWords(summary({ bestSearch: { candidate: 7, score, lead } })),
      '#7 0.25000 ± 0.01, ahead of #3 by 1.0 standard errors, within noise',
    );
    assert.equal(bestWords(summary({ bestSearch: { candidate: 7, score, lead: null } })), '#7 0.25000 ± 0.01');
    assert.equal(bestWords(summary({})), 'none');
  });

  it('gives no error to a score that a program gave itself', () => {
    const selfReported = { value: 0.25, standardError: 0, rows: 1, selfReported: true } as const;
    const words = bestWords(summary({ bestSearch: { candidate: 7, score: selfReported, lead: null } }));
    assert.equal(words, '#7 0.25000 (self-reported)');
  });

  it('tells since when nothing better has come, and nothing better beyond noise', () => {
    const bestSearch = { candidate: 7, score, lead: null };
    const words = (sinceBest: number, sinceClearBest: number) =>
      stagnationWords(summary({ bestSearch, stagnation: { sinceBest, sinceClearBest } }));
    assert.equal(words(0, 0), null);
    assert.equal(words(1, 1), '1 candidate since without a better one');
    assert.equal(words(2, 9), '2 candidates since without a better one, 9 without one better beyond noise');
  });
});
