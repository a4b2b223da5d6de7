/** The formulas behind the standard errors, held against scikit-learn by a script that runs beside the scorer's modules. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { python } from './toyTask.ts';

const modules = path.resolve(import.meta.dirname, '../../server/evaluation/python');

async function runPython(script: string): Promise<unknown> {
  const result = await execa(
    python,
    ['-I', '-B', '-c', `import sys; sys.path.insert(0, ${JSON.stringify(modules)})\n${script}`],
    {
      timeout: 120_000,
    },
  );
  return JSON.parse(result.stdout);
}

const agreement = `
import json
import numpy as np
from aira_scoring.metrics import METRICS

def sample(rng, metric, n):
    if metric.kind == "number":
        # Few distinct values, so that ranks have ties.
        return rng.integers(0, 9, n) + 0.5, rng.integers(0, 9, n) + 0.25
    if metric.kind == "label":
        k = 2 if metric.name == "f1" else 4
        return rng.integers(0, k, n), rng.integers(0, k, n)
    if metric.kind == "ranking":
        return rng.integers(0, 2, n), rng.integers(0, 12, n) / 11
    if rng.random() < 0.5:
        return rng.integers(0, 2, n), rng.random(n)
    p = rng.random((n, 3)) + 1e-3
    return rng.integers(0, 3, n), p / p.sum(axis=1, keepdims=True)

worst = {}
for name, metric in METRICS.items():
    rng = np.random.default_rng(5)
    worst[name] = 0.0
    for trial in range(20):
        y, p = sample(rng, metric, 120)
        drawn = [np.arange(120)] + [np.sort(rng.integers(0, 120, 120)) for _ in range(4)]
        weights = np.stack([np.bincount(rows, minlength=120) for rows in drawn]).astype(float)
        fast = metric.weighted(y, p, weights)
        for rows, value in zip(drawn, fast):
            if name == "log_loss" and len(np.unique(y[rows])) < 2:
                continue
            worst[name] = max(worst[name], abs(metric.point(y[rows], p[rows]) - value))
print(json.dumps(worst))
`;

test('every metric gives on weights what scikit-learn gives on the rows that the weights stand for', async () => {
  const worst = (await runPython(agreement)) as Record<string, number>;
  assert.equal(Object.keys(worst).length, 11);
  for (const [name, difference] of Object.entries(worst))
    assert.ok(difference < 1e-9, `${name} is off by ${difference}`);
});

test('the standard error of a mean is the textbook one, and that of groups of equal rows is wider', async () => {
  const script = `
import json
import numpy as np
from aira_scoring.resampling import Bootstrap
rng = np.random.default_rng(3)
x = rng.normal(size=2000)
mean = lambda w: (w @ x) / w.sum(axis=1)
rows = Bootstrap(2000, None, "a").standard_error(mean)
again = Bootstrap(2000, None, "a").standard_error(mean)
grouped = np.repeat(x[:200], 10)
wide = Bootstrap(2000, np.repeat(np.arange(200), 10), "a").standard_error(lambda w: (w @ grouped) / w.sum(axis=1))
print(json.dumps({"ratio": rows / (x.std() / 2000 ** .5), "same": rows == again, "wide": wide / (x[:200].std() / 200 ** .5)}))
`;
  const found = (await runPython(script)) as { ratio: number; same: boolean; wide: number };
  assert.ok(found.ratio > 0.8 && found.ratio < 1.2, `ratio ${found.ratio}`);
  assert.ok(found.wide > 0.8 && found.wide < 1.2, `ratio ${found.wide}`);
  assert.equal(found.same, true);
});

test('resamples of a split too large to keep are the same each time', async () => {
  const script = `
import json
import numpy as np
from aira_scoring import resampling
x = np.random.default_rng(3).normal(size=5000)
mean = lambda w: (w @ x) / w.sum(axis=1)
kept = resampling.Bootstrap(5000, None, "a")
first = kept.standard_error(mean)
resampling.CACHED_CELLS = 50_000
small = resampling.Bootstrap(5000, None, "a")
print(json.dumps([first, kept.standard_error(mean), small.standard_error(mean), small.standard_error(mean)]))
`;
  const [first, ...others] = (await runPython(script)) as number[];
  assert.deepEqual(others, [first, first, first]);
});
