/** Preparing: all or nothing, the same again and again, and never another split under the same version. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { listTasks, loadPreparedTask, resolveTask } from '../../server/tasks/catalog.ts';
import { ManifestError, SplitDriftError, TaskNotFoundError, TaskNotPreparedError } from '../../server/tasks/errors.ts';
import { prepareTask } from '../../server/tasks/prepare.ts';
import { aira2 } from '../support/command.ts';
import { localTask, python, regression, rows, toCsv } from './localTask.ts';

const plain = rows(100, (index) => ({ x: String(index), y: String(index) }));
const scripted = { ...regression, data: { target: ['y'], prepare: { cmd: ['python', 'make.py'], timeout_s: 60 } } };

/** A make.py that writes the table, after `before`. */
function script(before = ''): string {
  return `import os, time\n${before}\nopen('table.csv', 'w').write(${JSON.stringify(toCsv(plain))})\n`;
}

describe('preparing a task', { timeout: 120_000, concurrency: 2 }, () => {
  it('is done once: the second time runs nothing and changes nothing', async (context) => {
    const task = localTask(context, scripted, plain);
    const counter = path.join(task.home, 'runs');
    writeFileSync(path.join(task.folder, 'make.py'), script(`open(${JSON.stringify(counter)}, 'a').write('x')`));
    const first = await task.prepare();
    const document = readFileSync(path.join(task.directory, 'task.json'));
    const second = await task.prepare();
    assert.deepEqual(second, first);
    assert.equal(readFileSync(counter, 'utf8'), 'x');
    assert.deepEqual(readFileSync(path.join(task.directory, 'task.json')), document);
    assert.deepEqual(loadPreparedTask(task.home, 'mine'), first);
    assert.deepEqual(loadPreparedTask(task.home, 'mine@1'), first);
    assert.deepEqual(loadPreparedTask(task.home, task.folder), first);
  });

  it('gives folders their modes: public for all, answers for the owner', async (context) => {
    const { publicDirectory, privateDirectory } = await localTask(context, regression, plain).prepare();
    const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);
    assert.equal(mode(publicDirectory), '755');
    assert.equal(mode(privateDirectory), '700');
    for (const name of readdirSync(privateDirectory))
      assert.equal(mode(path.join(privateDirectory, name)), '600', name);
    assert.equal(mode(path.join(publicDirectory, 'train', 'train.csv')), '644');
  });

  it('takes over limits, references and the description without another split', async (context) => {
    const task = localTask(context, regression, plain);
    const before = await task.prepare();
    const inode = statSync(path.join(task.directory, 'private', 'answers.csv')).ino;
    task.writeManifest({ ...regression, limits: { mem_mb: 123 } });
    writeFileSync(path.join(task.folder, 'description.md'), '# Better words\n');
    const after = await task.prepare();
    assert.equal(after.manifest.limits.mem_mb, 123);
    assert.equal(after.description, '# Better words\n');
    assert.equal(after.splitHash, before.splitHash);
    assert.equal(statSync(path.join(task.directory, 'private', 'answers.csv')).ino, inode, 'the data was made anew');
    const times = ['description.md', 'data_card.md'].map(
      (name) => statSync(path.join(task.directory, 'public', name)).mtimeMs,
    );
    assert.equal(times[0], times[1]);
  });

  it('refuses other data under the same version, and leaves the prepared task alone', async (context) => {
    const task = localTask(context, regression, plain);
    const before = await task.prepare();
    const answers = readFileSync(path.join(task.directory, 'private', 'answers.csv'));
    task.writeTable(plain.map((row, index) => (index === 17 ? { ...row, y: '99' } : row)));
    await assert.rejects(task.prepare(), (error: unknown) => {
      assert.ok(error instanceof SplitDriftError);
      assert.equal(error.expected, before.splitHash);
      assert.match(error.message, /raise `version` in the manifest/);
      return true;
    });
    assert.deepEqual(readFileSync(path.join(task.directory, 'private', 'answers.csv')), answers);
    assert.deepEqual(readdirSync(path.join(task.home, 'tasks')), ['mine@1']);
    task.writeManifest({ ...regression, version: 2 });
    await task.prepare();
    assert.deepEqual(readdirSync(path.join(task.home, 'tasks')).sort(), ['mine@1', 'mine@2']);
    assert.equal(loadPreparedTask(task.home, 'mine').manifest.version, 2);
  });

  it('refuses a split that is not the one the manifest pins', async (context) => {
    const task = localTask(context, regression, plain);
    const { splitHash } = await task.prepare();
    rmSync(task.directory, { recursive: true });
    task.writeManifest({ ...regression, split: { ...regression.split, hash: '0a'.repeat(32) } });
    await assert.rejects(task.prepare(), SplitDriftError);
    assert.ok(!existsSync(task.directory));
    task.writeManifest({ ...regression, split: { ...regression.split, hash: splitHash } });
    assert.equal((await task.prepare()).splitHash, splitHash);
  });

  it('leaves nothing when the script fails, and says what the script said', async (context) => {
    const task = localTask(context, scripted, plain);
    writeFileSync(path.join(task.folder, 'make.py'), "raise SystemExit('the moon is in the wrong phase')\n");
    await assert.rejects(
      task.prepare(),
      /data\.prepare\.cmd \(python make\.py\) failed:\n.*the moon is in the wrong phase/s,
    );
    assert.deepEqual(readdirSync(path.join(task.home, 'tasks')), []);
  });

  it('leaves nothing when it is interrupted by its signal', async (context) => {
    const task = localTask(context, scripted, plain);
    const started = path.join(task.folder, 'started');
    writeFileSync(path.join(task.folder, 'make.py'), script(`open(${JSON.stringify(started)}, 'w'); time.sleep(60)`));
    const controller = new AbortController();
    const preparing = task.prepare(task.home, controller.signal);
    await Promise.all([assert.rejects(preparing), untilExists(started).then(() => controller.abort())]);
    assert.deepEqual(readdirSync(path.join(task.home, 'tasks')), []);
  });

  it('leaves no half-made task when it is killed, and the next one sweeps up and succeeds', async (context) => {
    const task = localTask(context, scripted, plain);
    const started = path.join(task.folder, 'started');
    writeFileSync(path.join(task.folder, 'make.py'), script(`open(${JSON.stringify(started)}, 'w'); time.sleep(5)`));
    const prepareModule = pathToFileURL(path.resolve(import.meta.dirname, '../../server/tasks/prepare.ts')).href;
    const options = JSON.stringify({ home: task.home, reference: task.folder, python });
    const code = `import { prepareTask } from '${prepareModule}'; await prepareTask({ ...${options}, log: () => undefined });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await untilExists(started);
    child.kill('SIGKILL');
    await ended;
    assert.ok(!existsSync(task.directory));
    assert.deepEqual(
      listTasks(task.home).filter(({ builtin }) => !builtin),
      [],
    );
    assert.equal(readdirSync(path.join(task.home, 'tasks')).length, 1, 'the scratch folder of the killed process');

    writeFileSync(path.join(task.folder, 'make.py'), script());
    await task.prepare();
    assert.deepEqual(readdirSync(path.join(task.home, 'tasks')), ['mine@1']);
  });

  it('may be asked for by two at once', async (context) => {
    const task = localTask(context, regression, plain);
    const [first, second] = await Promise.all([task.prepare(), task.prepare()]);
    assert.equal(first.splitHash, second.splitHash);
    assert.deepEqual(readdirSync(path.join(task.home, 'tasks')), ['mine@1']);
  });

  it('gives the script an environment without keys', async (context) => {
    const task = localTask(context, scripted, plain);
    writeFileSync(
      path.join(task.folder, 'make.py'),
      script("assert 'GEMINI_API_KEY' not in os.environ, 'the key is here'"),
    );
    const before = process.env.GEMINI_API_KEY;
    process.env.GEMINI_API_KEY = 'sentinel';
    try {
      await task.prepare();
    } finally {
      if (before === undefined) delete process.env.GEMINI_API_KEY;
      else process.env.GEMINI_API_KEY = before;
    }
  });
});

describe('a task that was prepared from a path', { timeout: 60_000 }, () => {
  const byName = (task: { home: string }, reference: string) =>
    prepareTask({ home: task.home, reference, python, log: () => undefined });

  it('is found by name, with and without its folder, as it was prepared', async (context) => {
    const task = localTask(context, regression, plain);
    const prepared = await task.prepare();
    assert.deepEqual(await byName(task, 'mine'), prepared);
    rmSync(task.folder, { recursive: true });
    for (const reference of ['mine', 'mine@1']) assert.deepEqual(await byName(task, reference), prepared);
    await assert.rejects(byName(task, 'mine@2'), TaskNotFoundError);
    await assert.rejects(byName(task, 'mein'), /Did you mean mine\?/);
  });

  it('is, without a version, the newest', async (context) => {
    const task = localTask(context, regression, plain);
    await task.prepare();
    task.writeManifest({ ...regression, version: 2 });
    await task.prepare();
    assert.equal((await byName(task, 'mine')).manifest.version, 2);
    assert.equal((await byName(task, 'mine@1')).manifest.version, 1);
  });

  it('is not taken for the one at a path, however broken that is', async (context) => {
    const task = localTask(context, regression, plain);
    await task.prepare();
    writeFileSync(path.join(task.folder, 'task.yaml'), 'schema: aira.task/1\n');
    await assert.rejects(task.prepare(), ManifestError);
  });

  it('can be prepared by name on the command line, as `task list` shows it', async (context) => {
    const task = localTask(context, regression, plain);
    await task.prepare();
    rmSync(task.folder, { recursive: true });
    const environment = { AIRA2_VENV: path.dirname(path.dirname(python)) };
    const { exitCode, stdout, stderr } = await aira2(['task', 'prepare', 'mine@1'], { home: task.home, environment });
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /mine@1 is in /);
  });
});

describe('finding tasks', { timeout: 60_000 }, () => {
  it('names the nearest built-in task when a name is mistyped', () => {
    assert.throws(
      () => resolveTask('diamond'),
      (error: unknown) => error instanceof TaskNotFoundError && /Did you mean diamonds\?/.test(error.message),
    );
    assert.throws(() => resolveTask('zebra'), /Known tasks: birdstrikes, diamonds, digits, txhousing, verbs\./);
  });

  it('says how to prepare a task that is known but not prepared', (context) => {
    const task = localTask(context, regression, plain);
    assert.throws(
      () => loadPreparedTask(task.home, 'diamonds'),
      (error: unknown) =>
        error instanceof TaskNotPreparedError && /Run: aira2 task prepare diamonds/.test(error.message),
    );
    assert.throws(() => loadPreparedTask(task.home, task.folder), TaskNotPreparedError);
  });

  it('lists built-in and prepared tasks, a broken one with its problem', async (context) => {
    const task = localTask(context, regression, plain);
    await task.prepare();
    task.writeManifest({ ...regression, version: 2 });
    await task.prepare();
    writeFileSync(path.join(task.home, 'tasks', 'mine@2', 'task.json'), '{"manifest": 1}');
    const listed = listTasks(task.home);
    assert.deepEqual(
      listed.filter(({ builtin }) => builtin).map(({ id }) => id),
      ['birdstrikes', 'diamonds', 'digits', 'txhousing', 'verbs'],
    );
    const [one, two] = listed.filter(({ id }) => id === 'mine');
    assert.equal(one?.prepared, true);
    assert.equal(one?.problem, null);
    assert.match(two?.problem ?? '', /damaged task\.json/);
  });
});

async function untilExists(file: string): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 20) {
    if (existsSync(file)) return;
    await sleep(20);
  }
  throw new Error(`${file} did not appear within a minute`);
}
