/** Damaged input in small numbers, the same in every run; bench/fuzz.ts tries it in masses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz } from '../support/fuzz/fuzz.ts';
import { targets } from '../support/fuzz/targets.ts';

const cases: Record<keyof typeof targets, { what: string; cases: number }> = {
  frames: { what: 'protocol frames: the server answers everybody else, and its run ends whole', cases: 2000 },
  manifests: { what: 'manifests: each is taken, or refused with line, words and fix', cases: 600 },
  modelAnswers: { what: 'model answers: each can be stored and sent back, or says what to do', cases: 2500 },
  predictions: { what: 'predictions files: each has its verdict, and the scorer lives', cases: 1500 },
};

describe('damaged', { timeout: 600_000 }, () => {
  for (const [name, { what, cases: count }] of Object.entries(cases)) {
    it(what, async () => {
      const target = targets[name];
      assert.ok(target !== undefined);
      const report = await fuzz(target, { seed: 20_261_120, cases: count });
      assert.deepEqual(report.problems, []);
      assert.equal(report.cases, count);
      assert.ok(Object.keys(report.outcomes).length > 1, 'more than one thing came of them');
    });
  }
});
