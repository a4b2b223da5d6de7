import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DialError,
  FrameTooLargeError,
  PeerClosedError,
  RequestTimeoutError,
  RpcSchemaError,
} from '../../protocol/rpcErrors.ts';
import { ScorerClosedError } from '../evaluation/errors.ts';
import { exitCodeOf, exitCodes } from './exitCodes.ts';

test('a server that cannot be spoken with is no fault of ours', () => {
  for (const error of [
    new DialError('x', null, 'nobody'),
    new PeerClosedError('run.get', 'gone'),
    new RequestTimeoutError('run.get', 1000),
    new RpcSchemaError('run.get', 'result', 'another version'),
    new FrameTooLargeError(2, 1),
  ])
    assert.equal(exitCodeOf(error), exitCodes.badInput, error.name);
});

test('a run that is left while its scores are computed can be resumed', () => {
  assert.equal(exitCodeOf(new ScorerClosedError('toy')), exitCodes.interrupted);
});

test('a disk that is full or closed is the machine, what is unknown is ours', () => {
  for (const code of ['ENOSPC', 'EACCES', 'EROFS'])
    assert.equal(exitCodeOf(Object.assign(new Error(code), { code })), exitCodes.environment);
  assert.equal(exitCodeOf(new TypeError('x')), exitCodes.internal);
  assert.equal(exitCodeOf('x'), exitCodes.internal);
});
