import assert from 'node:assert/strict';
import test from 'node:test';
import { candidate, scored } from '../../test/support/candidates.ts';
import { whyNoneSelected } from './selection.ts';

const validation = { value: 1, standardError: 0.1, rows: 10 };

test('why nothing was selected is told as far as the candidates tell it', () => {
  assert.equal(whyNoneSelected([]), 'nothing scored');
  assert.equal(whyNoneSelected([candidate(1, { state: 'failed' })]), 'nothing scored');
  assert.equal(whyNoneSelected([scored(1, 1, { excluded: true, validation })]), 'all excluded');
  assert.equal(whyNoneSelected([scored(1, 1, { excluded: true, validation }), scored(2, 1)]), 'no validation score');
  assert.equal(whyNoneSelected([scored(1, 1, { validation })]), null);
});
