/** Fetching packages: pinned, cached by content, refused when they differ. The registries' clients are stand-ins on PATH. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { execaSync } from 'execa';
import { acquire } from '../../server/tasks/acquire.ts';
import { AcquireError } from '../../server/tasks/errors.ts';
import { python } from './localTask.ts';

interface Bench {
  root: string;
  cache: string;
  lines: string[];
  /** A .tgz with `data.csv`, and its hash. */
  archive: string;
  sha256: string;
  /** Puts an executable shell script called `program` first on PATH. */
  program(name: string, script: string): void;
  acquire(kind: 'npm' | 'pip' | 'deb' | 'path', spec: string, sha256: string, into: string): Promise<void>;
}

function bench(context: TestContext): Bench {
  const root = mkdtempSync(path.join(tmpdir(), 'aira2-acquire-'));
  const bin = path.join(root, 'bin');
  const before = process.env.PATH;
  context.after(() => {
    process.env.PATH = before;
    rmSync(root, { recursive: true, force: true });
  });
  mkdirSync(bin);
  process.env.PATH = `${bin}:${before}`;
  const content = path.join(root, 'content');
  mkdirSync(content);
  writeFileSync(path.join(content, 'data.csv'), 'x,y\n1,2\n');
  const archive = path.join(root, 'thing-1.0.0.tgz');
  execaSync('tar', ['-czf', archive, '-C', content, 'data.csv']);
  const cache = path.join(root, 'cache');
  const lines: string[] = [];
  return {
    root,
    cache,
    lines,
    archive,
    sha256: hash(archive),
    program: (name, script) => {
      writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(path.join(bin, name), 0o755);
    },
    acquire: (kind, spec, sha256, into) =>
      acquire([{ kind, spec, sha256 }], path.join(root, into), {
        cache,
        taskDirectory: root,
        python,
        log: (line) => lines.push(line),
      }),
  };
}

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** npm as the fetcher calls it: `npm pack <spec> --ignore-scripts --silent --pack-destination <folder>`. */
const packs = (archive: string, calls: string): string => `echo "$*" >> ${calls}\ncp ${archive} "$6"/`;

describe('acquiring packages', { timeout: 60_000 }, () => {
  it('asks the client once, and the cache from then on, whoever asks', async (context) => {
    const on = bench(context);
    const calls = path.join(on.root, 'calls');
    on.program('npm', packs(on.archive, calls));
    await on.acquire('npm', '@scope/thing@1.0.0', on.sha256, 'first');
    assert.equal(readFileSync(path.join(on.root, 'first', '@scope', 'thing', 'data.csv'), 'utf8'), 'x,y\n1,2\n');
    on.program('npm', 'exit 1');
    await on.acquire('npm', '@scope/thing@1.0.0', on.sha256, 'second');
    assert.ok(existsSync(path.join(on.root, 'second', '@scope', 'thing', 'data.csv')));
    assert.equal(readFileSync(calls, 'utf8').trim().split('\n').length, 1);
    assert.deepEqual(on.lines, ['fetching @scope/thing@1.0.0 (npm)']);
  });

  it('refuses a package whose content is not the pinned one, and keeps nothing of it', async (context) => {
    const on = bench(context);
    on.program('npm', packs(on.archive, '/dev/null'));
    await assert.rejects(on.acquire('npm', 'thing@1.0.0', '0a'.repeat(32), 'out'), (error: unknown) => {
      assert.ok(error instanceof AcquireError);
      assert.match(error.message, new RegExp(`its sha256 is ${on.sha256}, the manifest pins ${'0a'.repeat(32)}`));
      return true;
    });
    assert.deepEqual(readdirSync(on.cache), []);
    assert.ok(!existsSync(path.join(on.root, 'out')));
  });

  it('fetches a damaged package of the cache again', async (context) => {
    const on = bench(context);
    on.program('npm', packs(on.archive, '/dev/null'));
    await on.acquire('npm', 'thing@1.0.0', on.sha256, 'first');
    const [name = ''] = readdirSync(on.cache);
    writeFileSync(path.join(on.cache, name), 'garbage');
    await on.acquire('npm', 'thing@1.0.0', on.sha256, 'second');
    assert.equal(hash(path.join(on.cache, name)), on.sha256);
    assert.match(on.lines.join('\n'), /is damaged; fetching it again/);
  });

  it('tells what the client said when it fails, and what to look at', async (context) => {
    const on = bench(context);
    on.program('npm', 'echo "getaddrinfo ENOTFOUND registry" >&2; exit 7');
    await assert.rejects(
      on.acquire('npm', 'thing@1.0.0', on.sha256, 'out'),
      /Cannot get thing@1\.0\.0: npm ended with exit code 7: getaddrinfo ENOTFOUND registry\n {4}fix: check the network/,
    );
    assert.deepEqual(readdirSync(on.cache), []);
  });

  it('names the client that is missing', async (context) => {
    const on = bench(context);
    process.env.PATH = path.join(on.root, 'bin');
    await assert.rejects(
      on.acquire('deb', 'thing=1.0', on.sha256, 'out'),
      /Cannot get thing=1\.0: apt-get is not installed/,
    );
  });

  it('unpacks Debian packages', async (context) => {
    const on = bench(context);
    const tree = path.join(on.root, 'tree');
    mkdirSync(path.join(tree, 'DEBIAN'), { recursive: true });
    mkdirSync(path.join(tree, 'usr', 'share'), { recursive: true });
    writeFileSync(
      path.join(tree, 'DEBIAN', 'control'),
      'Package: thing\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a thing\n',
    );
    writeFileSync(path.join(tree, 'usr', 'share', 'data.csv'), 'from deb\n');
    const deb = path.join(on.root, 'thing_1.0_all.deb');
    if (execaSync('dpkg-deb', ['--build', '--root-owner-group', tree, deb], { reject: false }).failed) {
      context.skip('dpkg-deb is not installed');
      return;
    }
    on.program('apt-get', `cp ${deb} .`);
    await on.acquire('deb', 'thing=1.0', hash(deb), 'deb');
    assert.equal(readFileSync(path.join(on.root, 'deb', 'thing', 'usr', 'share', 'data.csv'), 'utf8'), 'from deb\n');
  });

  it('gets wheels through pip as it is configured', async (context) => {
    const on = bench(context);
    const tree = path.join(on.root, 'wheel');
    const information = path.join(tree, 'thing-1.0.dist-info');
    mkdirSync(path.join(tree, 'thing'), { recursive: true });
    mkdirSync(information);
    writeFileSync(path.join(tree, 'thing', 'data.csv'), 'from wheel\n');
    writeFileSync(path.join(information, 'METADATA'), 'Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n');
    writeFileSync(path.join(information, 'WHEEL'), 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n');
    writeFileSync(path.join(information, 'RECORD'), '');
    const wheel = path.join(on.root, 'thing-1.0-py3-none-any.whl');
    execaSync(python, ['-m', 'zipfile', '-c', wheel, 'thing', 'thing-1.0.dist-info'], { cwd: tree });
    const before = { PIP_NO_INDEX: process.env.PIP_NO_INDEX, PIP_FIND_LINKS: process.env.PIP_FIND_LINKS };
    Object.assign(process.env, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: on.root });
    try {
      await on.acquire('pip', 'thing==1.0', hash(wheel), 'pip');
      assert.equal(readFileSync(path.join(on.root, 'pip', 'thing', 'thing', 'data.csv'), 'utf8'), 'from wheel\n');
      await assert.rejects(
        on.acquire('pip', 'other==2.0', '0a'.repeat(32), 'none'),
        /Cannot get other==2\.0: python ended with exit code 1/,
      );
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it('checks files of the task too', async (context) => {
    const on = bench(context);
    await assert.rejects(on.acquire('path', 'absent.csv', on.sha256, 'out'), /absent\.csv does not exist/);
    await assert.rejects(on.acquire('path', 'content', on.sha256, 'out'), /it is a folder, which has no sha256/);
    await assert.rejects(
      on.acquire('path', 'content/data.csv', on.sha256, 'out'),
      /its sha256 is [0-9a-f]{64}, the manifest pins/,
    );
  });
});
