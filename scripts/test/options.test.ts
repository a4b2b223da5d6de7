import assert from 'node:assert/strict';
import test from 'node:test';
import { parseTestOptions, UsageError } from './options.ts';

test('without arguments everything runs', () => {
  assert.deepEqual(parseTestOptions([]), { groups: ['check', 'unit', 'integration'], grep: null, paths: [] });
});

test('a path or a name leaves the checks of the whole project out', () => {
  assert.deepEqual(parseTestOptions(['server/search'])?.groups, ['unit', 'integration']);
  assert.deepEqual(parseTestOptions(['--grep', 'ties share'])?.groups, ['unit', 'integration']);
});

test('an unknown group, an unknown flag and a broken pattern are refused in words', () => {
  assert.throws(() => parseTestOptions(['--only', 'fast']), {
    name: 'UsageError',
    message: /check, unit, integration/,
  });
  assert.throws(() => parseTestOptions(['--fast']), UsageError);
  assert.throws(() => parseTestOptions(['--grep', '(']), { name: 'UsageError', message: /--grep \(/ });
});
