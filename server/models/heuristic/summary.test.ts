import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AttemptLine, OperatorContext } from '../operatorContext.ts';
import { preference, rewardsOf } from './bandit.ts';
import { tasks } from './samples.test-data.ts';
import { moveKind, movesOf, reversed, summaryOf } from './summary.ts';
import { exitOf, observationsOf, resultLines } from './transcript.ts';

describe('summary', () => {
  it('is read back as the moves that it was made of', () => {
    const moves = ['hist-gb: learning rate 0.08 → 0.05', 'add extra-trees'];
    const summary = summaryOf(moves, [3]);
    assert.equal(summary, 'hist-gb: learning rate 0.08 → 0.05; add extra-trees (from #3)');
    assert.deepEqual(movesOf(summary), moves);
    assert.deepEqual(movesOf(summaryOf(['blend of svm, knn'], [3, 12])), ['blend of svm, knn']);
    assert.deepEqual(movesOf('Replaced the model by a transformer'), []);
  });

  it('sorts moves into kinds that do not depend on members and values', () => {
    assert.equal(moveKind('hist-gb 2: learning rate 0.08 → 0.05'), 'learning rate');
    assert.equal(moveKind('folds 1 → 5'), 'folds');
    assert.equal(moveKind('add extra-trees'), 'add');
    assert.equal(moveKind('swap knn for svm'), 'swap');
  });

  it('knows the way back of a step', () => {
    assert.equal(reversed('hist-gb: leaves 8 → 12'), 'hist-gb: leaves 12 → 8');
    assert.equal(reversed('add knn'), null);
  });
});

const line = (id: number, parents: number[], summary: string, score: number | null): AttemptLine => ({
  id,
  parents,
  operator: parents.length === 0 ? 'draft' : 'mutation',
  summary,
  score,
  state: score === null ? 'failed' : 'scored',
  failure: score === null ? 'timeout: x' : null,
});

describe('bandit', () => {
  it('prefers kinds of moves that have paid, by the direction of the metric', () => {
    const siblings = [
      line(2, [1], 'add knn (from #1)', 0.4),
      line(3, [1], 'folds 1 → 3 (from #1)', 0.2),
      line(4, [1], 'drop svm (from #1)', null),
    ];
    const context: OperatorContext = {
      operator: 'mutation',
      task: tasks.tabular,
      hardware: { cpus: 1, memoryMb: 1000, gpu: null },
      limits: { toolTimeoutS: 1, evaluationTimeoutS: 1, trajectoryS: 1, maxSteps: 1 },
      parents: [],
      lineage: [line(1, [], 'first hist-gb', 0.3)],
      siblings,
      inFlight: [],
      leaders: [],
      draftIndex: 0,
      populationSize: 4,
      guidance: null,
    };
    const minimised = rewardsOf(context);
    assert.ok(preference(minimised, 'folds 3 → 5') > 1);
    assert.ok(preference(minimised, 'add mlp') < 1);
    assert.ok(preference(minimised, 'drop mlp') < 1, 'failures count against a move');
    assert.equal(preference(minimised, 'hist-gb: leaves 8 → 12'), 1);
    const maximised = rewardsOf({ ...context, task: tasks.text });
    assert.ok(preference(maximised, 'add mlp') > 1);
  });
});

describe('transcript', () => {
  it('takes outcome and time left from the last line, and our own lines from anywhere', () => {
    const text =
      'AIRA-RESULT {"a": 1}\nnoise AIRA-RESULT {"b": 2}\nAIRA-RESULT {broken\nAIRA-EXIT a 124\n[timeout · 60 s · step 5/60 · 45 s left]';
    const [seen] = observationsOf([
      { role: 'model', parts: [{ type: 'call', id: 'x', name: 'bash', arguments: {} }] },
      { role: 'user', parts: [{ type: 'result', callId: 'x', name: 'bash', text, isError: true }] },
    ]);
    assert.equal(seen?.outcome, 'timeout');
    assert.equal(seen?.timeLeftS, 45);
    assert.deepEqual(resultLines(text), [{ a: 1 }]);
    assert.equal(exitOf(text, 'a'), 124);
    assert.equal(exitOf(text, 'b'), null);
  });

  it('takes a lost session or machine for lost, and says nothing of time where the line does not', () => {
    const outcomes = ['[session lost · 1 s]', '[interrupted · 1 s]', '[ok]', '[invalid call · x]'].map((text) => {
      const [seen] = observationsOf([
        { role: 'model', parts: [{ type: 'call', id: 'x', name: 'bash', arguments: {} }] },
        { role: 'user', parts: [{ type: 'result', callId: 'x', name: 'bash', text, isError: false }] },
      ]);
      return [seen?.outcome, seen?.timeLeftS];
    });
    assert.deepEqual(outcomes, [
      ['lost', null],
      ['lost', null],
      ['ok', null],
      ['error', null],
    ]);
  });
});
