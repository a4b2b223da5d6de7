import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator } from './generator.ts';
import { chooseIndex, ranks, selectionProbabilities, without } from './rankSelection.ts';

describe('rank selection', () => {
  it('gives the best score rank 1, whichever direction is better', () => {
    assert.deepEqual(ranks([0.3, 0.1, 0.2], 'minimize'), [3, 1, 2]);
    assert.deepEqual(ranks([0.3, 0.1, 0.2], 'maximize'), [1, 3, 2]);
  });

  it('gives ties the mean of the ranks they span', () => {
    assert.deepEqual(ranks([5, 5, 1, 9, 5], 'minimize'), [3, 3, 1, 5, 3]);
  });

  it('follows equation 1 of the paper', () => {
    // N = 3, T = 1: weights 3, 2, 1.
    const probabilities = selectionProbabilities([10, 20, 30], 'minimize', 1);
    assert.deepEqual(
      probabilities.map((p) => Number(p.toFixed(6))),
      [0.5, 0.333333, 0.166667],
    );
    // T = 0.2: weights to the fifth power.
    const sharp = selectionProbabilities([10, 20, 30], 'minimize', 0.2);
    assert.ok(Math.abs((sharp[0] ?? 0) - 243 / (243 + 32 + 1)) < 1e-12);
  });

  it('depends on ranks only, not on the scale of scores', () => {
    assert.deepEqual(
      selectionProbabilities([1, 2, 3], 'minimize', 0.2),
      selectionProbabilities([-1e300, 0, 1e9], 'minimize', 0.2),
    );
  });

  it('stays finite for a greedy temperature and ten thousand candidates', () => {
    const scores = Array.from({ length: 10_000 }, (_, index) => index);
    const probabilities = selectionProbabilities(scores, 'maximize', 0.001);
    assert.ok(Math.abs(probabilities.reduce((sum, p) => sum + p, 0) - 1) < 1e-9);
    assert.ok((probabilities[9999] ?? 0) > 0.09);
  });

  it('never chooses the excluded parent, even when it had all the probability', () => {
    const generator = Generator.seeded(3);
    for (let draw = 0; draw < 200; draw += 1)
      assert.notEqual(chooseIndex(without([1, 0, 0], 0), generator.uniform()), 0);
  });

  it('draws with the frequencies it promises', () => {
    const generator = Generator.seeded(1);
    const probabilities = [0.5, 0.3, 0.2];
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 20_000; draw += 1) {
      const index = chooseIndex(probabilities, generator.uniform());
      counts[index] = (counts[index] ?? 0) + 1;
    }
    for (const [index, p] of probabilities.entries()) assert.ok(Math.abs((counts[index] ?? 0) / 20_000 - p) < 0.015);
  });
});

describe('the generator', () => {
  it('goes on where its stored state stopped', () => {
    const first = Generator.seeded(42);
    for (let draw = 0; draw < 10; draw += 1) first.uniform();
    const second = Generator.restored(first.state);
    assert.deepEqual(
      Array.from({ length: 5 }, () => second.seed()),
      Array.from({ length: 5 }, () => first.seed()),
    );
  });
});
