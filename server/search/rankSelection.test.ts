import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Direction } from '../../protocol/task.ts';
import { Generator } from './generator.ts';
import { Ranking } from './rankSelection.ts';

function ranking(scores: readonly number[], direction: Direction = 'minimize', temperature = 1): Ranking {
  const made = new Ranking(direction, temperature);
  for (const [index, score] of scores.entries()) made.add(index + 1, score);
  return made;
}

/** Probabilities by equation 1, written down as it stands in the paper. */
function equation1(scores: readonly number[], temperature: number): number[] {
  const weights = scores.map((score) => {
    const better = scores.filter((other) => other < score).length;
    const same = scores.filter((other) => other === score).length;
    const rank = better + (same + 1) / 2;
    return ((scores.length - rank + 1) / scores.length) ** (1 / temperature);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** How much of [0, 1) leads to each candidate, found by trying. */
function shares(made: Ranking, draw: (uniform: number) => number, steps = 20_000): number[] {
  const counts = new Array<number>(made.size).fill(0);
  for (let step = 0; step < steps; step += 1) {
    const id = draw((step + 0.5) / steps);
    counts[id - 1] = (counts[id - 1] ?? 0) + 1 / steps;
  }
  return counts;
}

function assertClose(found: number[], expected: number[], within: number): void {
  for (const [index, share] of expected.entries())
    assert.ok(Math.abs((found[index] ?? 0) - share) <= within, `#${index + 1}: ${found[index]} instead of ${share}`);
}

describe('rank selection', () => {
  it('gives the best score rank 1, whichever direction is better', () => {
    assert.deepEqual(
      [0.3, 0.1, 0.2].map((score) => ranking([0.3, 0.1, 0.2]).rankOf(score)),
      [3, 1, 2],
    );
    assert.deepEqual(
      [0.3, 0.1, 0.2].map((score) => ranking([0.3, 0.1, 0.2], 'maximize').rankOf(score)),
      [1, 3, 2],
    );
  });

  it('gives ties the mean of the ranks they span, in whatever order they came', () => {
    const scores = [5, 5, 1, 9, 5];
    assert.deepEqual(
      scores.map((score) => ranking(scores).rankOf(score)),
      [3, 3, 1, 5, 3],
    );
    assert.deepEqual(ranking(scores).best(4), [3, 1, 2, 5]);
  });

  it('follows equation 1 of the paper', () => {
    const made = ranking([10, 20, 30]);
    // N = 3, T = 1: weights 3, 2, 1.
    assert.deepEqual(
      [0, 0.499, 0.501, 0.832, 0.834, 0.999].map((uniform) => made.draw(uniform)),
      [1, 1, 2, 2, 3, 3],
    );
    // T = 0.2: weights to the fifth power.
    const sharp = ranking([10, 20, 30], 'minimize', 0.2);
    const best = 243 / (243 + 32 + 1);
    assert.deepEqual(
      [best - 1e-9, best + 1e-9].map((uniform) => sharp.draw(uniform)),
      [1, 2],
    );
  });

  it('follows it with ties and as candidates come, one after another', () => {
    const generator = Generator.seeded(8);
    const scores: number[] = [];
    const made = new Ranking('minimize', 0.5);
    for (let id = 1; id <= 40; id += 1) {
      scores.push(Math.floor(generator.uniform() * 12));
      made.add(id, scores.at(-1) ?? 0);
      if (id % 13 === 1)
        assertClose(
          shares(made, (uniform) => made.draw(uniform)),
          equation1(scores, 0.5),
          2e-4,
        );
    }
  });

  it('depends on ranks only, not on the scale of scores', () => {
    const draws = (scores: number[]) => {
      const made = ranking(scores, 'minimize', 0.2);
      return [0.1, 0.5, 0.9, 0.99].map((uniform) => made.draw(uniform));
    };
    assert.deepEqual(draws([1, 2, 3]), draws([-1e300, 0, 1e9]));
  });

  it('stays exact for a greedy temperature and ten thousand candidates', () => {
    const scores = Array.from({ length: 10_000 }, (_, index) => index);
    const made = ranking(scores, 'minimize', 0.001);
    // p(1) = 1 / Σ (1 − k/N)^1000 ≈ 1 − exp(−0.1)
    const best = 1 / scores.reduce((sum, k) => sum + (1 - k / 10_000) ** 1000, 0);
    assert.ok(best > 0.09);
    assert.deepEqual(
      [best - 1e-6, best + 1e-6].map((uniform) => made.draw(uniform)),
      [1, 2],
    );
    assert.equal(ranking(scores, 'minimize', 1e-7).draw(0.999), 1);
  });

  it('draws the second parent by the same weights, and never the first one again', () => {
    const scores = [4, 1, 3, 3, 2];
    const made = ranking(scores);
    const all = equation1(scores, 1);
    const others = all.map((share, index) => (index === 1 ? 0 : share / (1 - (all[1] ?? 0))));
    assertClose(
      shares(made, (uniform) => made.drawOther(uniform, 2)),
      others,
      2e-4,
    );
    const greedy = ranking([1, 2, 3], 'minimize', 1e-4);
    assertClose(
      shares(greedy, (uniform) => greedy.drawOther(uniform, 1)),
      [0, 0.5, 0.5],
      1e-3,
    );
  });

  it('has nothing to choose from when there is nobody, or nobody else', () => {
    assert.throws(() => new Ranking('minimize', 1).draw(0.5), RangeError);
    assert.throws(() => ranking([1]).drawOther(0.5, 1), RangeError);
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

  it('draws, once some are taken out, as if they had never been there', () => {
    const generator = Generator.seeded(3);
    const scores = Array.from({ length: 300 }, () => Math.round(generator.uniform() * 40));
    const made = ranking(scores);
    const without = new Ranking('minimize', 1);
    for (const [index, score] of scores.entries())
      if (index % 3 === 0) made.remove(index + 1, score);
      else without.add(index + 1, score);
    assert.equal(made.size, without.size);
    for (let step = 0; step < 2000; step += 1) {
      const uniform = (step + 0.5) / 2000;
      assert.equal(made.draw(uniform), without.draw(uniform));
    }
    assert.throws(() => made.remove(1, scores[0] ?? 0), RangeError);
  });
});
