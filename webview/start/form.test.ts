import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunSettings } from '../../protocol/client.ts';
import { type Form, formOf, type NumberField, numberFields, parseAmount, read } from './form.ts';
import { modelName, modelProblem, parseModel } from './models.ts';

const today = '2026-01-05';
const empty = formOf('birdstrikes@1', {});
const withNumbers = (numbers: Partial<Record<NumberField, string>>, changes: Partial<Form> = {}): Form => ({
  ...empty,
  ...changes,
  numbers,
});

test('settings that come in come out again', () => {
  const settings: RunSettings = {
    model: 'openai:qwen3@http://localhost:8000/v1',
    workers: 4,
    agentsPerSlot: 2,
    candidates: 40,
    hours: 1.5,
    seed: 0,
    temperature: 0.2,
    crossover: 0,
    drafts: 8,
    maxSteps: 30,
    search: 'best-of-k',
    operators: 'single-turn',
    evaluation: 'self-reported',
    budget: { costUsd: 5, tokens: 2_000_000, candidateCostUsd: 0.5 },
    rates: { requestsPerMinute: 20, concurrency: 3 },
    sandbox: 'podman',
    image: 'python:3.11',
    price: {
      tiers: [{ abovePromptTokens: 0, input: 1, cachedInput: 0.1, output: 4 }],
      source: 'given with the run',
      asOf: today,
    },
  };
  assert.deepEqual(read(formOf('x', settings), [], today), { settings, problems: [] });
});

test('an empty form leaves everything but the model to the server', () => {
  assert.deepEqual(read(empty, [], today), { settings: { model: 'heuristic' }, problems: [] });
});

test('the least and the most that a field takes are taken by the server, too', () => {
  for (const end of ['min', 'max'] as const) {
    const numbers = Object.fromEntries(
      Object.entries(numberFields).map(([field, limits]) => [field, String(limits[end])]),
    );
    const { settings, problems } = read(withNumbers(numbers), [], today);
    assert.deepEqual(problems, []);
    assert.deepEqual(RunSettings.parse(settings), settings);
  }
});

test('what is no number, not whole, or out of range is told where it stands', () => {
  const { problems, settings } = read(
    withNumbers({ candidates: '2.5', hours: 'two', workers: '0', crossover: '1.5', tokens: '-3' }),
    [],
    today,
  );
  assert.deepEqual(
    problems.map(({ field, kind }) => [field, kind]),
    [
      ['tokens', 'number'],
      ['candidates', 'integer'],
      ['hours', 'number'],
      ['workers', 'range'],
      ['crossover', 'range'],
    ],
  );
  assert.deepEqual(settings, { model: 'heuristic' });
});

test('amounts can be written with units and separators', () => {
  assert.equal(parseAmount('1.1 M'), 1_100_000);
  assert.equal(parseAmount('250k'), 250_000);
  assert.equal(parseAmount('1,000,000'), 1_000_000);
  assert.ok(Number.isNaN(parseAmount('1.1.1')));
  assert.ok(Number.isNaN(parseAmount('12 apples')));
});

test('no sandbox needs a word of its own', () => {
  assert.deepEqual(read({ ...empty, sandbox: 'none' }, [], today).problems, [{ field: 'sandbox', kind: 'unsafe' }]);
  assert.deepEqual(read({ ...empty, sandbox: 'none', acceptsUnsafe: true }, [], today).problems, []);
});

test('half a price is no price', () => {
  assert.deepEqual(read(withNumbers({ priceInput: '1' }), [], today).problems, [
    { field: 'priceInput', kind: 'price' },
  ]);
  const { settings } = read(withNumbers({ priceInput: '1', priceOutput: '4' }), [], today);
  assert.deepEqual(settings.price?.tiers, [{ abovePromptTokens: 0, input: 1, cachedInput: 1, output: 4 }]);
});

test('a form without a task cannot start', () => {
  assert.deepEqual(read(formOf(null, {}), [], today).problems, [{ field: 'task', kind: 'task' }]);
});

test('names of models are taken apart and put together again', () => {
  for (const name of [
    'heuristic',
    'gemini:gemini-3.1-pro-preview',
    'openai:gpt-5.2',
    'openai:a/b:c@https://h:1/v1',
    'vscode:copilot/gpt',
  ])
    assert.equal(modelName(parseModel(name)), name);
});

test('models that cannot be meant are told apart', () => {
  const choice = parseModel('openai:x');
  assert.equal(modelProblem({ ...choice, name: ' ' }, []), 'name');
  assert.equal(modelProblem({ ...choice, name: 'a b' }, []), 'space');
  assert.equal(modelProblem({ ...choice, url: 'localhost:8000' }, []), 'url');
  assert.equal(modelProblem({ ...choice, url: 'http://localhost:8000/v1' }, []), null);
  assert.equal(modelProblem(parseModel('vscode:x'), []), 'none_offered');
  assert.equal(modelProblem(parseModel('vscode:x'), [{ id: 'y', label: 'Y', maxInputTokens: 1 }]), 'not_offered');
});
