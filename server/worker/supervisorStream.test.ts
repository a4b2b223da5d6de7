import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { SupervisorStream } from './supervisorStream.ts';

function supervised(maxBytes = 1000) {
  const stream = new PassThrough();
  return { stream, said: new SupervisorStream(stream, maxBytes) };
}

describe('the stream of an evaluation supervisor', () => {
  test('gives lines and then bytes, wherever it is cut', async () => {
    const whole = Buffer.concat([
      Buffer.from('{"event":"started"}\n{"event":"ended","code":0,"ms":7}\n{"event":"output"}\n'),
      Buffer.from([0, 10, 255, 10]),
    ]);
    for (let cut = 1; cut < whole.length; cut += 1) {
      const { stream, said } = supervised();
      stream.write(whole.subarray(0, cut));
      stream.end(whole.subarray(cut));
      await said.started;
      assert.deepEqual(await said.ended, { code: 0, ms: 7 });
      assert.deepEqual(await said.output, { file: Buffer.from([0, 10, 255, 10]) });
    }
  });

  test('ignores lines that are not its own, of any length', async () => {
    const { stream, said } = supervised();
    stream.write(`junk\n{"event":"ended"}\n${'x'.repeat(200_000)}\n`);
    stream.end('{"event":"ended","code":-9,"ms":12}\n{"event":"problem","problem":"does not exist"}\n');
    assert.deepEqual(await said.ended, { code: -9, ms: 12 });
    assert.deepEqual(await said.output, { problem: 'does not exist' });
  });

  test('takes no more bytes than it may', async () => {
    const { stream, said } = supervised(10);
    stream.write('{"event":"output"}\n');
    for (let i = 0; i < 100; i += 1) stream.write('0123456789');
    assert.deepEqual(await said.output, { problem: 'is larger than it said' });
    stream.destroy();
  });

  test('an end without a word is an end without a result', async () => {
    const { stream, said } = supervised();
    stream.end();
    stream.resume();
    assert.equal(await said.ended, null);
    assert.match(JSON.stringify(await said.output), /ended the process that watches it/);
    await assert.rejects(said.started, /ended at once/);
  });
});
