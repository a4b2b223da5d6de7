import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Janitor } from './janitor.ts';

test('a sweep takes no offence at another one that removes the same at the same time', async () => {
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  const prefix = `aira2-${namespace}-4194000-2-`;
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith(prefix));
  for (let round = 0; round < 5; round += 1) {
    for (let index = 0; index < 200; index += 1) {
      const folder = join(tmpdir(), `${prefix}${index}`, 'a', 'b');
      mkdirSync(folder, { recursive: true });
      for (const name of ['c', 'd', 'e']) writeFileSync(join(folder, name), '');
    }
    const other = spawn('bash', ['-c', `rm -rf -- "$0"*`, join(tmpdir(), prefix)], { stdio: 'ignore' });
    const ended = once(other, 'exit');
    while (left().length > 0) Janitor.sweep(null);
    await ended;
  }
  assert.deepEqual(left(), []);
});
