import assert from 'node:assert/strict';
import test from 'node:test';
import { scoreDomain, scoreScale } from './scoreScale.ts';

test('better is up, whatever the direction and the form of the axis', () => {
  for (const mode of ['linear', 'log'] as const) {
    const smaller = scoreScale('minimize', mode, [0.1, 2]);
    assert.ok(smaller.coordinate(0.1) > smaller.coordinate(2), `minimize, ${mode}`);
    const larger = scoreScale('maximize', mode, [0.1, 2]);
    assert.ok(larger.coordinate(2) > larger.coordinate(0.1), `maximize, ${mode}`);
  }
});

test('a coordinate leads back to its score on every form of axis', () => {
  for (const scores of [
    [0.001, 5],
    [-3, 0, 2000],
  ])
    for (const mode of ['linear', 'log'] as const)
      for (const direction of ['minimize', 'maximize'] as const) {
        const scale = scoreScale(direction, mode, scores);
        for (const score of scores)
          assert.ok(Math.abs(scale.score(scale.coordinate(score)) - score) < 1e-9 * (1 + Math.abs(score)));
      }
});

test('a logarithm of scores that have none becomes one that is linear around zero', () => {
  assert.equal(scoreScale('maximize', 'log', [0.5, 1]).form, 'log');
  const scale = scoreScale('maximize', 'log', [-1, 0, 1e6]);
  assert.equal(scale.form, 'symlog');
  assert.ok(Number.isFinite(scale.coordinate(-1e12)));
  assert.deepEqual(
    scale.ticks({ from: scale.coordinate(-10), to: scale.coordinate(10) }, 5).filter(({ label }) => label === '0')
      .length,
    1,
  );
});

test('ticks stand at round scores, and where the axis puts these scores', () => {
  const scale = scoreScale('minimize', 'linear', [0.27, 0.3]);
  const ticks = scale.ticks({ from: scale.coordinate(0.3), to: scale.coordinate(0.27) }, 4);
  assert.deepEqual(
    ticks.map(({ label }) => label),
    ['0.27', '0.28', '0.29', '0.30'],
  );
  assert.deepEqual(
    ticks.map(({ position }) => Math.round(position * 100)),
    [-27, -28, -29, -30],
  );
});

test('wild scores on the bad side do not crush the rest, and are counted', () => {
  const usual = Array.from({ length: 200 }, (_, i) => -0.3 + i * 0.0001);
  const domain = scoreDomain([...usual, -1e30, -4000], { clip: true });
  assert.equal(domain.clipped, 2);
  assert.ok(domain.from > -0.5);
  assert.equal(scoreDomain([...usual, -1e30], { clip: false }).clipped, 0);
});

test('the good side is never clipped: the best is in view however far it is ahead', () => {
  const domain = scoreDomain([...Array.from({ length: 100 }, (_, i) => i / 100), 1e6], { clip: true });
  assert.ok(domain.to > 1e6);
});

test('lines of reference widen the axis while they are near; far ones stay out of it', () => {
  const scores = [0.5, 0.55, 0.6, 0.58, 0.57, 0.59];
  assert.ok(scoreDomain(scores, { clip: true, references: [0.65] }).to > 0.65);
  assert.ok(scoreDomain(scores, { clip: true, references: [40] }).to < 1);
});

test('no scores, one score, and scores that are not finite still make an axis', () => {
  for (const scores of [[], [0.3], [0], [Number.NaN, Number.POSITIVE_INFINITY, 1]]) {
    const { from, to } = scoreDomain(scores, { clip: true });
    assert.ok(Number.isFinite(from) && to > from, JSON.stringify(scores));
  }
});
