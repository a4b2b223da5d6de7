import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OfferedModel } from '../../../protocol/clientViews.ts';
import { offeredId, refusalOf } from './modelNames.ts';

test('whatever an editor calls its models, the wire takes the name', () => {
  for (const id of ['gpt-5.2', 'Claude Sonnet 4.5 (preview)', 'ümläut', 'a'.repeat(400)])
    assert.ok(OfferedModel.shape.id.safeParse(offeredId({ vendor: 'copilot', id })).success, id);
});

test('a quota that is used up is told apart from what is blocked: a run parks for one and says so of the other', () => {
  assert.equal(refusalOf('Blocked', 'You have exceeded your premium request allowance').kind, 'quota');
  assert.equal(refusalOf('Blocked', 'Response was filtered').kind, 'blocked');
  assert.equal(refusalOf('NoPermissions', '').kind, 'no_permission');
  assert.equal(refusalOf('Unknown', 'socket hang up').kind, 'failed');
});
