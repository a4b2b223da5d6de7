/** Attacks with the predictions file: what is not a plain file of the program's own, in time and of its size, does not count. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AttackBench, failureOf, honestScore, processesWith, scoreOf } from './attackBench.ts';

describe('a predictions file', { timeout: 600_000 }, () => {
  let bench: AttackBench;
  before(async () => {
    bench = await AttackBench.start();
  });
  after(async () => {
    await bench?.[Symbol.asyncDispose]();
  });
  const labels = () => JSON.stringify(path.join(bench.toy.task.privateDirectory, 'answers.csv'));

  test('of an honest program is scored, twice the same', async () => {
    const first = await bench.send('honest()');
    assert.ok(honestScore(scoreOf(first)));
    assert.deepEqual(first.kept, ['pooled.csv.gz']);
    assert.equal(scoreOf(await bench.send('honest()')), scoreOf(first));
  });

  test('that is a symbolic link to the labels is not followed', async () => {
    const outcome = await bench.send(`os.symlink(${labels()}, OUT)`);
    assert.equal(failureOf(outcome), 'no_predictions');
    assert.deepEqual(outcome.kept, []);
  });

  test('that is a symbolic link to a valid file inside the sandbox is not followed either', async () => {
    assert.equal(
      failureOf(await bench.send(`honest('/workspace/real.csv')\nos.symlink('/workspace/real.csv', OUT)`)),
      'no_predictions',
    );
  });

  test('cannot be a hard link to the labels or to the inputs', async () => {
    const outcome = await bench.send(`
report(labels=attempt(lambda: os.link(${labels()}, OUT)), inputs=attempt(lambda: os.link('/data/eval/inputs.csv', OUT)))
`);
    assert.equal(failureOf(outcome), 'no_predictions');
    assert.equal(outcome.report.labels, 'FileNotFoundError');
    assert.match(String(outcome.report.inputs), /Error/);
  });

  const kinds: [string, string][] = [
    ['a FIFO', 'os.mkfifo(OUT)'],
    ['a socket', 'socket.socket(socket.AF_UNIX).bind(OUT)'],
    ['a directory', 'os.mkdir(OUT); honest(OUT + "/predictions.csv")'],
    ['a link to a device', 'os.symlink("/dev/zero", OUT)'],
    ['a device', 'attempt(lambda: os.mknod(OUT, 0o666 | stat.S_IFCHR, os.makedev(1, 5)))'],
    ['missing', 'pass'],
    ['in the wrong place', 'honest("/workspace/predictions.csv")'],
  ];
  for (const [name, attack] of kinds) {
    test(`that is ${name} is no predictions file, and nobody waits on it`, async () => {
      const outcome = await bench.send(attack);
      assert.equal(failureOf(outcome), 'no_predictions');
      assert.ok(outcome.tookMs < 45_000, `took ${outcome.tookMs} ms`);
    });
  }

  test('of a terabyte of holes, or simply too large, is refused without being read', async () => {
    for (const attack of ['honest(); os.truncate(OUT, 1 << 40)', 'open(OUT, "wb").write(os.urandom(5_000_000))']) {
      const outcome = await bench.send(attack);
      assert.match(failureOf(outcome), /^(no|invalid)_predictions$/);
      assert.ok(outcome.tookMs < 45_000, `took ${outcome.tookMs} ms`);
      assert.deepEqual(outcome.kept, []);
    }
  });

  test('that fills the disk harms nobody but the program', async () => {
    const outcome = await bench.send(`
with open(OUT, 'wb') as f:
    while True:
        f.write(b'x' * 1_000_000)
`);
    assert.equal(failureOf(outcome), 'program_error');
    assert.match(outcome.log, /No space left|File too large/);
  });

  const formats: [string, string][] = [
    ['a pickle', `import pickle; pickle.dump([1], open(OUT, 'wb'))`],
    ['a zip archive', `import zipfile; zipfile.ZipFile(OUT, 'w').writestr('predictions.csv', 'id,y')`],
    ['a gzip bomb', `import gzip; gzip.open(OUT, 'wb').write(bytes(200_000_000))`],
    ['binary noise', 'open(OUT, "wb").write(os.urandom(10_000))'],
    ['NaN throughout', 'honest(value="nan")'],
    ['infinite throughout', 'honest(value="inf")'],
    ['half there', 'inputs = inputs[:50]; honest()'],
    ['said twice', 'inputs = inputs + inputs; honest()'],
  ];
  for (const [name, attack] of formats) {
    test(`that is ${name} is invalid`, async () => {
      assert.equal(failureOf(await bench.send(attack)), 'invalid_predictions');
    });
  }

  test('does not count when its program ends with an error after writing it', async () => {
    const outcome = await bench.send('honest(); sys.exit(3)');
    assert.equal(failureOf(outcome), 'program_error');
    assert.deepEqual(outcome.kept, []);
  });

  test('does not count when its program kills itself after writing it', async () => {
    assert.equal(failureOf(await bench.send('honest(); os.kill(os.getpid(), 11)')), 'program_error');
  });

  test('does not count when its program runs out of time after writing it', async () => {
    const outcome = await bench.send('honest(); time.sleep(300)', { eval_exec_s: 4 });
    assert.equal(failureOf(outcome), 'timeout');
    assert.deepEqual(outcome.kept, []);
    assert.ok(outcome.tookMs < 60_000, `took ${outcome.tookMs} ms`);
  });

  test('is taken when its program ends, and a daemon that goes on writing it is dead by then', async () => {
    const marker = 'daemon-that-swaps-the-output';
    const outcome = await bench.send(`
honest()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('python', ['python', '-c', '''
import os, sys, time
while True:
    open('/out/next', 'w').write('id,y')
    os.replace('/out/next', '/out/predictions.csv')
    time.sleep(0.001)
''', ${JSON.stringify(marker)}])
    os._exit(0)
time.sleep(0.2)
`);
    // It may have swapped the file before the end: then that is what the program wrote. It may not have outlived it.
    if (outcome.kind === 'scored') assert.ok(honestScore(outcome.search.value));
    else assert.equal(outcome.failure.kind, 'invalid_predictions');
    assert.deepEqual(await processesWith(marker), []);
  });

  test('that a daemon writes after the program has ended comes too late', async () => {
    const marker = 'daemon-that-outlives-its-program';
    const outcome = await bench.send(`
subprocess.Popen(['python', '-c', '''
import os, time
time.sleep(3)
open('/out/predictions.csv', 'w').write('id,y')
time.sleep(600)
''', ${JSON.stringify(marker)}], start_new_session=True)
`);
    assert.equal(failureOf(outcome), 'no_predictions');
    assert.deepEqual(await processesWith(marker), []);
  });

  test('lies beside modules that nobody imports: the scorer reads a file, not a folder', async () => {
    const trap = path.join(bench.toy.home, 'trap-was-sprung');
    const outcome = await bench.send(`
trap = "open(%r, 'w').write('x')" % ${JSON.stringify(trap)}
for folder in (OUT_DIR, '/workspace', '/tmp'):
    for name in ('sitecustomize', 'usercustomize', 'conftest', 'csv', 'numpy', 'aira_scoring'):
        open(folder + '/' + name + '.py', 'w').write(trap)
    os.makedirs(folder + '/sklearn/metrics', exist_ok=True)
    open(folder + '/sklearn/__init__.py', 'w').write(trap)
    open(folder + '/sklearn/metrics/__init__.py', 'w').write('def mean_absolute_error(*a, **k): return 0.0')
open(OUT_DIR + '/pyvenv.cfg', 'w').write('home = /out')
honest()
`);
    assert.ok(honestScore(scoreOf(outcome)));
    assert.equal(existsSync(trap), false);
    assert.deepEqual(outcome.kept, ['pooled.csv.gz']);
  });

  test('of an earlier evaluation is gone, with all that it left anywhere', async () => {
    const left = await bench.send(`
for folder in (OUT_DIR, '/workspace', '/tmp', '/dev/shm', '/root', '/var/tmp'):
    attempt(lambda: open(folder + '/left-behind', 'w').write('x'))
honest()
`);
    assert.ok(honestScore(scoreOf(left)));
    const outcome = await bench.send(
      `report(found=[p for d in ('/out', '/workspace', '/tmp', '/dev/shm', '/root', '/var/tmp') for p in glob.glob(d + '/left-behind')])`,
    );
    assert.deepEqual(outcome.report.found, []);
    assert.equal(failureOf(outcome), 'no_predictions');
  });
});
