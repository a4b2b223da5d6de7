import assert from 'node:assert/strict';
import test from 'node:test';
import { nothingSpent, type Spending } from '../../protocol/cost.ts';
import { openRunView } from '../../protocol/projection.ts';
import { candidate, runConfig, runStarted, scored } from '../../test/support/candidates.ts';
import { PriceBook } from '../models/prices/priceBook.ts';
import { assumedEstimate, estimateWords, measuredEstimate, spendingLines } from './costEstimate.ts';

const price = new PriceBook().priceOf({ id: 'gemini:gemini-3.1-pro-preview', isLanguageModel: true });
const spent = (costUsd: number, change: Partial<Spending> = {}): Spending => ({
  ...nothingSpent,
  calls: 10,
  input: 90_000,
  cachedInput: 45_000,
  output: 8000,
  thoughts: 2000,
  costUsd,
  ...change,
});

function viewOf(...candidates: ReturnType<typeof candidate>[]) {
  const view = openRunView('20260101-000000-toy-aa01', { seq: 1, at: 0, body: runStarted({ candidates: 10 }) });
  for (const one of candidates) view.candidates.set(one.id, one);
  return view;
}

test('before a run the estimate says what it assumes, and scales with candidates and steps', () => {
  const estimate = assumedEstimate(runConfig({ candidates: 24, maxSteps: 60 }), price);
  const { costUsd, tokens } = estimate.candidate;
  assert.ok(costUsd !== null && costUsd > 0.3 && costUsd < 5, String(costUsd));
  assert.ok(Math.abs((estimate.run.costUsd ?? 0) - 24 * costUsd) < 1e-9);
  const short = assumedEstimate(runConfig({ maxSteps: 5 }), price);
  assert.ok(short.candidate.tokens < tokens / 5);
  assert.match(
    estimateWords(estimate),
    /about \$[\d.]+, .* tokens a candidate; \$.* for 24 candidates \(assumes 25 steps/,
  );
  const unpriced = assumedEstimate(runConfig({ candidates: null, hours: 2 }), null);
  assert.deepEqual([unpriced.candidate.costUsd, unpriced.run.tokens], [null, null]);
  assert.ok(!estimateWords(unpriced).includes('$'));
});

test("afterwards it is the run's own mean, of those that ended and had an agent", () => {
  const view = viewOf(
    scored(1, 1, { spent: spent(1) }),
    candidate(2, { state: 'failed', spent: spent(3) }),
    scored(3, 1, { operator: 'human' }),
    candidate(4, { state: 'running', spent: spent(100) }),
    candidate(5, { state: 'abandoned', spent: spent(100) }),
  );
  const estimate = measuredEstimate(view);
  assert.deepEqual(estimate?.candidate, { tokens: 100_000, costUsd: 2 });
  assert.equal(estimate?.run.costUsd, 20);
  assert.equal(measuredEstimate(viewOf(scored(1, 1))), null, 'the built-in researcher calls nobody');
  const unpriced = measuredEstimate(viewOf(scored(1, 1, { spent: spent(0, { unpricedCalls: 10 }) })));
  assert.equal(unpriced?.candidate.costUsd, null);
});

test('what was taken is told with its bounds, its cache share and the date of the prices', () => {
  const view = viewOf();
  assert.deepEqual(spendingLines(view.summary), []);
  const config = { ...view.summary.config, budget: { costUsd: 20, gpuHours: 8 } };
  const summary = { ...view.summary, config, spent: spent(5), price, gpus: 2, gpuMs: 2 * 3_600_000, outage: 'busy' };
  const lines = spendingLines(summary).join('\n');
  assert.match(lines, /\$5\.00 for 10 calls: 90 k tokens in \(50 % cached\), 8\.0 k out, 2\.0 k of thoughts/);
  assert.match(lines, /as of 20\d\d-\d\d-\d\d/);
  assert.match(lines, /cost budget: 25 % of \$20/);
  assert.match(lines, /GPU-hours: 25 % of 8, on 2 GPUs/);
  assert.match(lines, /agents wait: busy/);
});
