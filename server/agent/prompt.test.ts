import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext } from '../../test/support/operatorContext.ts';
import type { ParentContext } from '../models/operatorContext.ts';
import { renderPrompt } from './prompt.ts';

const parent: ParentContext = {
  id: 3,
  summary: 'a line',
  author: 'test',
  program: { 'solution.py': 'print(1)' },
  score: null,
  standardError: null,
  rank: null,
  failure: null,
  runtimeS: 0,
  runtimeCapS: 60,
  logTail: '',
};

const promptFor = (change: Partial<ParentContext>) =>
  renderPrompt(draftContext({ operator: 'mutation', parents: [{ ...parent, ...change }], populationSize: 2 }));

test('a parent that is still being evaluated has not failed: its score is not known yet', () => {
  const prompt = promptFor({});
  assert.match(prompt, /Its score is not known yet/);
  assert.doesNotMatch(prompt, /failed/i);
});

test('a parent that failed is shown with its failure, a scored one with its rank', () => {
  assert.match(promptFor({ failure: 'timeout: after 60 s' }), /It failed: timeout: after 60 s\./);
  assert.match(promptFor({ score: 0.5, standardError: 0.01, rank: 1 }), /0\.5 \(standard error 0\.01\), rank 1 of 2/);
});
