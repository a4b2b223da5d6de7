import assert from 'node:assert/strict';
import test from 'node:test';
import { compared } from '../../test/support/comparedRuns.ts';
import { band, bestCurve, standardErrorOf } from './bands.ts';

test('a curve steps where the best gets better, over active time or over candidates; failures only count', () => {
  const run = compared({ seed: 1, scores: [0.5, null, 0.6, 0.4], every: 10 });
  assert.deepEqual(bestCurve(run, 'time'), { at: [10, 40], score: [0.5, 0.4], until: 40, open: false });
  assert.deepEqual(bestCurve(run, 'candidates'), { at: [1, 4], score: [0.5, 0.4], until: 4, open: false });
});

test('a band holds every step of every run, from where all have a score', () => {
  const curves = [
    bestCurve(compared({ seed: 1, scores: [0.5, 0.3], every: 10 }), 'time'),
    bestCurve(compared({ seed: 2, scores: [null, 0.4, 0.2], every: 15 }), 'time'),
  ];
  const result = band(curves, 'minimize', 'mean', 'range');
  assert.deepEqual(result?.at, [30, 45]);
  assert.deepEqual(
    result?.middle.map((value) => Math.round(value * 100)),
    [35, 25],
  );
  assert.deepEqual(
    [result?.better, result?.worse],
    [
      [0.3, 0.2],
      [0.4, 0.3],
    ],
  );
});

test('a run that has ended keeps its best; one that goes on ends the band at its present', () => {
  const ended = bestCurve(compared({ seed: 1, scores: [0.5], every: 10 }), 'time');
  const long = bestCurve(compared({ seed: 2, scores: [0.6, 0.4, 0.2], every: 50 }), 'time');
  assert.equal(band([ended, long], 'minimize', 'mean', 'range')?.at.at(-1), 150);
  assert.equal(band([{ ...ended, open: true }, long], 'minimize', 'mean', 'range')?.at.at(-1), 50);
});

test('without a score in one of the runs there is no band', () => {
  const none = bestCurve(compared({ seed: 1, scores: [null], every: 10 }), 'time');
  assert.equal(band([none], 'minimize', 'mean', 'range'), null);
  assert.equal(band([], 'minimize', 'mean', 'range'), null);
});

test('the median, and the error of the mean, are those of the seeds', () => {
  const curves = [0.1, 0.2, 0.6].map((score, seed) =>
    bestCurve(compared({ seed, scores: [score], every: 10 }), 'time'),
  );
  const result = band(curves, 'maximize', 'median', 'range');
  assert.deepEqual([result?.middle[0], result?.better[0], result?.worse[0]], [0.2, 0.6, 0.1]);
  const error = band(curves, 'maximize', 'mean', 'error');
  assert.ok(Math.abs((error?.better[0] ?? 0) - (0.3 + standardErrorOf([0.1, 0.2, 0.6]))) < 1e-12);
  assert.equal(standardErrorOf([0.4]), 0);
});

test('runs of ten thousand candidates make a band that a screen can show', () => {
  const scores = Array.from({ length: 10_000 }, (_, i) => 1 / (i + 1));
  const result = band([bestCurve(compared({ seed: 1, scores, every: 1 }), 'time')], 'minimize', 'mean', 'range');
  assert.ok(result !== null && result.at.length <= 800);
  assert.equal(result.middle.at(-1), 1 / 10_000);
});
