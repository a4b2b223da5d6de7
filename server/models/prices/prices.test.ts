import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { formatCost, formatTokens, formatUsd, nothingSpent } from '../../../protocol/cost.ts';
import { costOf } from './cost.ts';
import { PriceBook, PriceFileError, priceFilePath } from './priceBook.ts';
import { priceTable } from './table.ts';

const model = (id: string) => ({ id, isLanguageModel: true });
const today = '2026-11-20';

test('a call costs its fresh input, its cached input, and output and thoughts alike', () => {
  const price = new PriceBook().priceOf(model('gemini:gemini-3.1-pro-preview'), today);
  const usage = { input: 100_000, cachedInput: 60_000, output: 1000, thoughts: 4000 };
  assert.equal(costOf(usage, price), (40_000 * 2 + 60_000 * 0.2 + 5000 * 12) / 1e6);
});

test('a long prompt is billed by its own tier, all of it, and one just at the bound is not', () => {
  const price = new PriceBook().priceOf(model('gemini:gemini-3.1-pro-preview'), today);
  const usage = { cachedInput: 0, output: 1000, thoughts: 0 };
  assert.equal(costOf({ ...usage, input: 200_000 }, price), (200_000 * 2 + 1000 * 12) / 1e6);
  assert.equal(costOf({ ...usage, input: 200_001 }, price), (200_001 * 4 + 1000 * 18) / 1e6);
});

test('what is not in the table is unpriced, the built-in researcher is free', () => {
  const book = new PriceBook();
  assert.equal(book.priceOf(model('gemini:gemini-9')), null);
  assert.equal(book.priceOf(model('openai:qwen@http://localhost:8000/v1')), null);
  assert.equal(costOf({ input: 1, cachedInput: 0, output: 1, thoughts: 0 }, null), null);
  const free = book.priceOf({ id: 'heuristic', isLanguageModel: false });
  assert.equal(costOf({ input: 1000, cachedInput: 0, output: 1000, thoughts: 0 }, free), 0);
});

test('an introductory price ends on its day', () => {
  const book = new PriceBook();
  const input = (day: string) => book.priceOf(model('gemini:gemini-3.7-flash'), day)?.tiers[0]?.input;
  assert.equal(input('2026-12-31'), 0.75);
  assert.equal(input('2027-01-01'), 1.5);
});

test('every entry of the table has a date, a source, and tiers in rising order', () => {
  for (const { models, tiers, source, asOf } of priceTable) {
    assert.match(asOf, /^20\d\d-\d\d-\d\d$/, models[0]);
    assert.ok(source.length > 5);
    assert.equal(tiers[0]?.abovePromptTokens, 0);
    for (const tier of tiers) assert.ok(tier.cachedInput <= tier.input && tier.input < tier.output, models[0]);
  }
});

test('prices.json overrides the table, takes patterns, and is told from a broken one by the place', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'aira2-prices-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  assert.equal((await PriceBook.load(home)).priceOf(model('openai:m@http://a/v1')), null);
  const prices = {
    'openai:*@http://localhost:*': { input: 0, output: 0 },
    'gemini:gemini-3.1-pro-preview': { input: 1, output: 6, above: [{ promptTokens: 1000, input: 3, output: 9 }] },
  };
  await writeFile(priceFilePath(home), JSON.stringify({ prices }));
  const book = await PriceBook.load(home);
  assert.equal(book.priceOf(model('openai:org/m.1@http://localhost:8000/v1'))?.tiers[0]?.output, 0);
  assert.equal(book.priceOf(model('openai:org/m@http://example.org:8000/v1')), null);
  const own = book.priceOf(model('gemini:gemini-3.1-pro-preview'));
  assert.deepEqual(own?.tiers[1], { abovePromptTokens: 1000, input: 3, cachedInput: 3, output: 9 });
  assert.equal(own?.tiers[0]?.cachedInput, 1, 'without a price of its own the cache costs as much as the rest');
  for (const [text, place] of [
    ['{"prices": {"m": {"input": -1, "output": 1}}}', /prices\.m\.input/],
    ['{"prices": {"m": {"input": 1}}}', /prices\.m\.output/],
    ['{"price": {}}', /prices/],
    ['{', /not JSON/],
  ] as const) {
    await writeFile(priceFilePath(home), text);
    await assert.rejects(PriceBook.load(home), (error: unknown) => {
      assert.ok(error instanceof PriceFileError);
      assert.match(error.message, place);
      assert.match(error.message, /prices\.json/);
      return true;
    });
  }
});

test('small amounts are never shown as nothing, and what is not known is said', () => {
  assert.deepEqual([0, 0.00042, 0.042, 1, 12.345].map(formatUsd), ['$0.00', '$0.00042', '$0.042', '$1.00', '$12.35']);
  assert.deepEqual([87, 1234, 34_000, 1_234_567, 12_345_678].map(formatTokens), [
    '87',
    '1.2 k',
    '34 k',
    '1.23 M',
    '12.3 M',
  ]);
  assert.equal(formatCost({ ...nothingSpent, calls: 3, unpricedCalls: 3 }), 'unpriced');
  assert.equal(formatCost({ ...nothingSpent, calls: 3, unpricedCalls: 1, costUsd: 2 }), '$2.00 and 1 unpriced calls');
  assert.equal(formatCost(nothingSpent), '$0.00');
});
