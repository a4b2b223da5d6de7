import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMessage, type MessageShapes } from './host.ts';

type Known = { type: 'reset'; rows: string[] } | { type: 'note'; text: string | null };
const shapes: MessageShapes<Known> = { reset: ['rows'], note: ['text'] };

test('messages of a known form are taken, with fields that are null, too', () => {
  assert.ok(isMessage<Known>({ type: 'reset', rows: [] }, shapes));
  assert.ok(isMessage<Known>({ type: 'note', text: null, more: 1 }, shapes));
});

test('anything else is dropped', () => {
  for (const other of [
    null,
    'reset',
    [],
    {},
    { type: 'reset' },
    { type: 'note' },
    { type: 'other', rows: [] },
    { type: 'constructor' },
    { type: ['reset'], rows: [] },
    Object.create({ type: 'reset', rows: [] }),
  ])
    assert.equal(isMessage<Known>(other, shapes), false, JSON.stringify(other));
});
