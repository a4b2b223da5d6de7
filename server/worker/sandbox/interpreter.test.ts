import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { interpreterPrefixes } from './interpreter.ts';

describe('the base of a virtual environment', () => {
  let root: string;
  let venv: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'interpreter-')));
    venv = join(root, 'venv');
    mkdirSync(join(venv, 'bin'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function base(name: string): string {
    mkdirSync(join(root, name, 'bin'), { recursive: true });
    writeFileSync(join(root, name, 'bin', 'python3'), '');
    return join(root, name);
  }

  test('is found through the configuration and through links', () => {
    const prefix = base('py3.11');
    writeFileSync(join(venv, 'pyvenv.cfg'), `home = ${prefix}/bin\nversion = 3.11\n`);
    symlinkSync('python3', join(venv, 'bin', 'python'));
    symlinkSync(join(prefix, 'bin', 'python3'), join(venv, 'bin', 'python3'));
    assert.deepEqual(interpreterPrefixes(venv), [prefix]);
  });

  test('is shown by the name that it is called by and by its real one', () => {
    const real = base('py3.11.7');
    symlinkSync(real, join(root, 'py3.11'));
    writeFileSync(join(venv, 'pyvenv.cfg'), `home = ${root}/py3.11/bin\n`);
    symlinkSync(join(root, 'py3.11', 'bin', 'python3'), join(venv, 'bin', 'python'));
    assert.deepEqual(interpreterPrefixes(venv), [join(root, 'py3.11'), real]);
  });

  test('needs nothing more where the sandbox shows it already', () => {
    writeFileSync(join(venv, 'pyvenv.cfg'), 'home = /usr/bin\n');
    symlinkSync('/usr/bin/env', join(venv, 'bin', 'python'));
    assert.deepEqual(interpreterPrefixes(venv), []);
  });

  test('a folder that is no environment is an error with the way to make one', () => {
    assert.throws(() => interpreterPrefixes(venv), /has no pyvenv\.cfg\. Make it with `python3 -m venv/);
    writeFileSync(join(venv, 'pyvenv.cfg'), 'home = /usr/bin\n');
    assert.throws(() => interpreterPrefixes(venv), /python does not exist/);
  });
});
