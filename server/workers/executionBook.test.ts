import assert from 'node:assert/strict';
import test from 'node:test';
import type { ExecutionResult } from '../../protocol/worker.ts';
import { ExecutionBook } from './executionBook.ts';

const result: ExecutionResult = { kind: 'infrastructure_error', message: 'any will do' };
const line = { start: async () => undefined, cancel: async () => undefined };

function bookAt(atWorker: string[]): ExecutionBook {
  const book = new ExecutionBook({
    slot: 0,
    directory: '/nowhere',
    cancelWaitMs: 1000,
    onLineTrouble: () => undefined,
  });
  book.connected(line, atWorker);
  return book;
}

test('what nobody asks for waits at the worker, and is taken by who asks for it', async () => {
  const book = bookAt(['c1-0']);
  assert.deepEqual(book.unclaimed(), ['c1-0']);
  assert.equal(await book.finished('c1-0', result), 'unclaimed');
  const asked = book.execute('c1-0', { kind: 'bash', session: 'c1', command: 'true', timeoutMs: 1000 }, {});
  assert.deepEqual(book.unclaimed(), []);
  assert.equal(await book.finished('c1-0', result), 'accepted');
  assert.deepEqual(await asked, result);
});

test('what is forgotten while its result is on its way does not come up again, then or at the next hello', async () => {
  const book = bookAt(['c1-0']);
  book.forget(['c1-0']);
  assert.equal(await book.finished('c1-0', result), 'accepted');
  assert.deepEqual(book.unclaimed(), []);
  book.disconnected();
  book.connected(line, ['c1-0']);
  assert.deepEqual(book.unclaimed(), []);
});
