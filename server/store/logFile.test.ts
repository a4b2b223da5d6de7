import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import pino from 'pino';
import { smallDisk } from '../../test/support/faults/smallDisk.ts';
import { openLogFile } from './logFile.ts';

const messagesIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line).msg as string] : []));

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'log-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

it('goes on in a new file when the old one was put aside, and is silent once it is closed', async (t) => {
  const path = join(await folder(t), 'a.log');
  const file = openLogFile(path);
  const log = pino({}, file);
  log.info('one');
  renameSync(path, `${path}.1`);
  file.reopen();
  log.info('two');
  file.close();
  file.close();
  log.info('three');
  assert.deepEqual(messagesIn(`${path}.1`), ['one']);
  assert.deepEqual(messagesIn(path), ['two']);
});

it('loses the lines that a full disk does not take, says how many, and goes on', async (t) => {
  await using disk = await smallDisk(1);
  if (disk === null) {
    t.skip('no file system can be mounted here');
    return;
  }
  const path = join(disk.path, 'a.log');
  const file = openLogFile(path);
  const log = pino({}, file);
  log.info('before');
  disk.fill();
  for (let line = 0; line < 60; line += 1) log.info({ filler: 'x'.repeat(200) }, `while it is full ${line}`);
  disk.free();
  log.info('after');
  file.close();
  const messages = messagesIn(path);
  assert.equal(messages[0], 'before');
  assert.deepEqual(messages.slice(-2), ['lines are missing here: the disk was full', 'after']);
  assert.match(readFileSync(path, 'utf8'), /"missed":\d\d/);
});
