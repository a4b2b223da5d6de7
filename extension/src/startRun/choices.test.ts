import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundsWords, budgetChoices, modelChoices, planWords } from './choices.ts';

test('the model of the last run is offered first, also one that nobody knows by name', () => {
  const choices = modelChoices('openai:qwen@http://localhost:8000/v1', [], []);
  assert.equal(choices[0]?.model, 'openai:qwen@http://localhost:8000/v1');
  assert.equal(choices[1]?.model, 'heuristic');
  const again = modelChoices('gemini:gemini-3.7-flash', ['gemini'], []);
  assert.equal(again.filter(({ model }) => model === 'gemini:gemini-3.7-flash').length, 1);
  assert.equal(again[0]?.description, 'a key is known');
});

test('what costs money has a bound on money, and nothing else does: one that cannot be kept is refused', () => {
  for (const { bounds } of budgetChoices('gemini:x', true)) assert.ok(bounds.budget?.costUsd !== undefined);
  for (const { bounds } of budgetChoices('openai:qwen@http://localhost:8000/v1', false)) {
    assert.equal(bounds.budget, undefined);
    assert.ok(bounds.candidates !== undefined || bounds.hours !== undefined, 'it ends all the same');
  }
  for (const { bounds } of budgetChoices('heuristic', false)) assert.equal(bounds.budget, undefined);
});

test('settings without a bound say so', () => {
  assert.equal(boundsWords({}), 'no bound');
  assert.equal(boundsWords({ hours: 2, budget: { costUsd: 20 } }), '2 hours, at most $20.00');
});

test('a model without a price is not called free', () => {
  const plan = {
    settings: { candidates: 12, workers: 2 },
    modelLabel: 'qwen',
    price: null,
    warnings: [],
    estimate: {
      basis: 'assumed' as const,
      because: 'From 30 steps.',
      candidate: { tokens: 1000, costUsd: null },
      run: { candidates: 12, tokens: 12_000, costUsd: null },
    },
  };
  assert.match(planWords(plan).cost, /no known price/);
  assert.equal(planWords(plan).what, 'qwen · 12 candidates · 2 workers');
  assert.match(planWords({ ...plan, estimate: null }).cost, /no calls that cost money/);
});

test('one is not many in the words of bounds', () => {
  assert.equal(
    boundsWords({ candidates: 1, hours: 1, budget: { gpuHours: 1 } }),
    '1 candidate, 1 hour, at most 1 GPU-hour',
  );
  assert.equal(boundsWords({ candidates: 2, hours: 0.5 }), '2 candidates, 0.5 hours');
});
