/** The scoring process: what it gives, what it may do, and what happens when it is lost. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SplitName } from '../../protocol/task.ts';
import { Scorer } from '../../server/evaluation/scorer.ts';
import { labelled, refused, regression, scored, withScorer } from './scorerBench.ts';
import { csv, makeToyTask, python, type ToyOptions } from './toyTask.ts';

describe('the scorer of a regression task', { timeout: 240_000 }, () => {
  let scorer: Scorer;
  let task: Awaited<ReturnType<typeof makeToyTask>>;
  const rows = regression.answers.map(({ id, y }) => ({ id, y: Number(y) + 2 }));
  const file = (text: string) => scorer.score('search', Buffer.from(text));

  before(async () => {
    task = await makeToyTask(regression);
    scorer = await Scorer.start({ task, python });
  });
  after(async () => {
    await scorer?.close();
    await task?.[Symbol.asyncDispose]();
  });

  test('is scored on the rows of the split asked for, with a standard error', async () => {
    const off = regression.answers.map(({ id, y, split }) => ({ id, y: Number(y) + (split === 'validation' ? 5 : 2) }));
    const search = scored(await scorer.score('search', Buffer.from(csv(off))));
    assert.deepEqual(search, {
      kind: 'scored',
      score: { value: 2, standardError: 0, rows: 100 },
      suspiciouslyPerfect: false,
    });
    assert.equal(scored(await scorer.score('validation', Buffer.from(csv(off)))).score.value, 5);
  });

  test('gives the same bytes the same score and standard error, in another process too', async () => {
    const noisy = Buffer.from(csv(rows.map(({ id, y }, row) => ({ id, y: y + Math.sin(row) }))));
    const first = scored(await scorer.score('search', noisy)).score;
    assert.ok(first.standardError > 0);
    const other = await Scorer.start({ task, python });
    try {
      assert.deepEqual(scored(await other.score('search', noisy)).score, first);
    } finally {
      await other.close();
    }
  });

  test('tells by how much one file is better than another, with an error that what is hard for both has no part in', async () => {
    const noise = (row: number, size: number) => size * Math.sin(row * 12.9898);
    const before = csv(rows.map(({ id, y }, row) => ({ id, y: y + noise(row, 30) })));
    const now = csv(rows.map(({ id, y }, row) => ({ id, y: y + noise(row, 29) })));
    const [first, second] = [scored(await file(before)).score, scored(await file(now)).score];
    const compared = await scorer.compare('search', Buffer.from(before), Buffer.from(now));
    assert.ok(compared !== null);
    assert.ok(Math.abs(compared.difference - (second.value - first.value)) < 1e-9);
    assert.ok(compared.difference < -2 * compared.standardError, 'a small difference, but sure');
    const apart = Math.hypot(first.standardError, second.standardError);
    assert.ok(
      compared.standardError > 0 && compared.standardError < apart / 5,
      `${compared.standardError} of ${apart}`,
    );
    assert.deepEqual(await scorer.compare('search', Buffer.from(before), Buffer.from(now)), compared);
    assert.equal(await scorer.compare('search', Buffer.from(before), Buffer.from('id,y\nnobody,1\n')), null);
  });

  test('can check a file without scoring it', async () => {
    assert.deepEqual(await scorer.check('search', Buffer.from(csv(rows))), { kind: 'valid' });
    const { kind } = await scorer.check('search', Buffer.from('id,y\nnobody,1\n'));
    assert.equal(kind, 'invalid');
  });

  test('marks a score at the optimum as too good to be believed', async () => {
    const gold = csv(regression.answers.map(({ id, y }) => ({ id, y: y ?? 0 })));
    assert.deepEqual(scored(await file(gold)), {
      kind: 'scored',
      score: { value: 0, standardError: 0, rows: 100 },
      suspiciouslyPerfect: true,
    });
  });

  test('scores a constant prediction, poorly', async () => {
    const { score, suspiciouslyPerfect } = scored(await file(csv(rows.map(({ id }) => ({ id, y: 50 })))));
    assert.ok(score.value > 20 && score.standardError > 0);
    assert.equal(suspiciouslyPerfect, false);
  });

  test('runs in a process without root, environment, or its own way to files', {
    skip: process.platform !== 'linux',
  }, async () => {
    const status = await readFile(`/proc/${scorer.pid}/status`, 'utf8');
    if (process.getuid?.() === 0) {
      assert.match(status, new RegExp(`^Uid:\\s+${scorer.user}\\s+${scorer.user}\\s+${scorer.user}`, 'm'));
      assert.match(status, /^Groups:\s*$/m);
      assert.match(status, /^CapEff:\s+0000000000000000$/m);
      // Only root may still read the environment of a process that cannot be traced.
      assert.equal(await readFile(`/proc/${scorer.pid}/environ`, 'utf8'), '');
    }
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    const limits = await readFile(`/proc/${scorer.pid}/limits`, 'utf8').catch(() => '');
    if (limits) assert.match(limits, /^Max file size\s+0\s+0/m);
  });

  test('is mended by a restart when its process dies between or during requests', async () => {
    for (const wait of [50, 0]) {
      const { pid } = scorer;
      assert.ok(pid);
      const pending = wait ? null : scorer.score('search', Buffer.from(csv(rows)));
      process.kill(pid, 'SIGKILL');
      if (wait) await sleep(wait);
      assert.equal(scored(await (pending ?? file(csv(rows)))).score.value, 2);
      assert.notEqual(scorer.pid, pid);
    }
  });

  test('takes requests in turn', async () => {
    const files = Array.from({ length: 12 }, (_, shift) => csv(rows.map(({ id, y }) => ({ id, y: y - 2 + shift }))));
    const verdicts = await Promise.all(files.map((text) => file(text)));
    assert.deepEqual(
      verdicts.map((verdict) => scored(verdict).score.value),
      Array.from({ length: 12 }, (_, shift) => shift),
    );
  });
});

describe('the self-test', { timeout: 120_000 }, () => {
  for (const [name, options] of Object.entries({ regression, labelled })) {
    test(`of a ${name} task has gold at the optimum, permuted gold and constants worse, and refuses NaN`, async () => {
      await withScorer(options, async (scorer, answers) => {
        const column = 'y';
        const sample = csv(answers.map(({ id }) => ({ id, [column]: name === 'labelled' ? 'a' : 0 })));
        const report = await scorer.selfTest(Buffer.from(sample));
        const optimum = report.optimum ?? Number.NaN;
        for (const split of ['search', 'validation', 'test'] satisfies SplitName[]) {
          assert.equal(report.gold[split]?.score, optimum);
          assert.equal(report.shuffled[split]?.score, optimum);
          assert.ok(Math.abs((report.permuted[split]?.score ?? optimum) - optimum) > 0.1);
          assert.ok(Math.abs((report.constant?.[split]?.score ?? optimum) - optimum) > 0.1);
          assert.equal(report.rows[split], 100);
        }
        assert.deepEqual([report.nanRefused, report.infinityRefused, report.overflowRefused], [true, true, true]);
        assert.equal(typeof report.sample?.score, 'number');
      });
    });
  }

  test('of a task aligned by position shows that the order of rows matters', async () => {
    const options: ToyOptions = {
      ...regression,
      columns: [{ name: 'y', role: 'value', dtype: 'float' }],
      prediction: { align: 'position' },
    };
    await withScorer(options, async (scorer) => {
      const report = await scorer.selfTest();
      assert.equal(report.gold.search?.score, 0);
      assert.ok((report.shuffled.search?.score ?? 0) > 10);
      assert.equal(report.sample, null);
    });
  });
});

describe('a metric that is a command', { timeout: 240_000 }, () => {
  const command = (body: string): ToyOptions => ({
    ...regression,
    gradeSeconds: 5,
    metric: {
      ...regression.metric,
      impl: { cmd: ['python', '-I', '-c', `import json,sys,time,os\nq=json.load(sys.stdin)\n${body}`] },
    },
  });
  const error = 'e=[abs(float(a)-p) for a,p in zip(q["answers"]["y"],q["predictions"]["y"])]\n';

  test('is given cells and resamples, and its scores make a standard error', async () => {
    const body = `${error}m=lambda r: sum(e[i] for i in r)/len(r)\nprint(json.dumps({"score":m(range(len(e))),"resampled":[m(r) for r in q["resamples"]]}))`;
    await withScorer(command(body), async (scorer, answers) => {
      const file = csv(answers.map(({ id, y }, row) => ({ id, y: Number(y) + (row % 6 === 0 ? 2 : 0) })));
      const { score } = scored(await scorer.score('search', Buffer.from(file)));
      assert.equal(score.value, 1);
      assert.ok(score.standardError > 0.05 && score.standardError < 0.2, String(score.standardError));
    });
  });

  const failures: [string, string, RegExp][] = [
    ['prints NaN', 'print(\'{"score": NaN, "standard_error": 0}\')', /strict JSON/],
    ['prints prose', 'print("score 1")', /strict JSON/],
    ['fails', 'sys.exit(3)', /ended with code 3/],
    ['hangs', 'time.sleep(60)', /ran past limits\.grade_s/],
    ['forgets the standard error', 'print(json.dumps({"score": 0}))', /resampled/],
    ['prints a text for a score', 'print(json.dumps({"score": "0", "standard_error": 0}))', /finite number/],
  ];
  for (const [name, body, message] of failures) {
    test(`that ${name} is the task’s fault`, async () => {
      await assert.rejects(
        withScorer(command(body), async () => undefined),
        message,
      );
    });
  }
});

describe('a file that brings the scorer down', { timeout: 240_000 }, () => {
  // The command stands for whatever a predictions file may do to the process that reads it.
  const fragile = (harm: string): ToyOptions => ({
    ...regression,
    gradeSeconds: 4,
    metric: {
      ...regression.metric,
      impl: {
        cmd: [
          'python',
          '-I',
          '-c',
          `import json,sys,os,signal,time\nq=json.load(sys.stdin)\nif 12345.0 in q["predictions"]["y"]:\n    ${harm}\nprint(json.dumps({"score":0,"standard_error":0}))`,
        ],
      },
    },
  });

  test('twice, while a file known to be good is scored, is the candidate’s failure and nobody else’s', async () => {
    await withScorer(fragile('os.kill(os.getppid(), signal.SIGKILL)'), async (scorer, answers) => {
      const file = (y: number) => Buffer.from(csv(answers.map(({ id }) => ({ id, y }))));
      const [poison, good] = await Promise.all([scorer.score('search', file(12345)), scorer.score('search', file(1))]);
      assert.match(refused(poison), /brought down the scorer twice/);
      assert.equal(scored(good).score.value, 0);
    });
  });

  for (const [what, harm] of [
    ['crash', 'sys.exit(3)'],
    ['hang', 'time.sleep(60)'],
  ] as const) {
    test(`or has its metric ${what}, fails alone: others are scored`, async () => {
      await withScorer(fragile(harm), async (scorer, answers) => {
        const file = (y: number) => Buffer.from(csv(answers.map(({ id }) => ({ id, y }))));
        const [poison, good] = await Promise.all([
          scorer.score('search', file(12345)),
          scorer.score('search', file(1)),
        ]);
        assert.match(refused(poison), /could not be scored, though a perfect file can be/);
        assert.equal(scored(good).score.value, 0);
      });
    });
  }

  test('is told from a metric that has broken for all: that is an error, with what it said in the log', async () => {
    await using task = await makeToyTask(fragile('sys.exit(3)'));
    const broken = path.join(task.directory, 'broken');
    const body = `import json,os,sys\nif os.path.exists(${JSON.stringify(broken)}): sys.exit("no licence")\nprint(json.dumps({"score":0,"standard_error":0}))`;
    task.manifest.metric.impl = { cmd: ['python', '-I', '-c', body] };
    const logged: unknown[] = [];
    const log = { warn: () => undefined, error: (what: unknown) => void logged.push(what) };
    const scorer = await Scorer.start({ task, python, log });
    try {
      await writeFile(broken, '');
      const file = Buffer.from(csv(regression.answers.map(({ id }) => ({ id, y: 1 }))));
      await assert.rejects(scorer.score('search', file), (error: Error) => {
        assert.equal(error.name, 'ScorerError');
        assert.doesNotMatch(error.message, /licence/);
        return true;
      });
      assert.match(JSON.stringify(logged), /no licence/);
    } finally {
      await scorer.close();
    }
  });

  test('by stopping it is met by the deadline', async () => {
    await withScorer(fragile('os.kill(os.getppid(), signal.SIGSTOP)'), async (scorer, answers) => {
      const poison = Buffer.from(csv(answers.map(({ id }) => ({ id, y: 12345 }))));
      assert.match(refused(await scorer.score('search', poison)), /brought down the scorer twice/);
    });
  });
});

test('a scorer that cannot start says why', { timeout: 120_000 }, async () => {
  await using task = await makeToyTask(regression);
  await assert.rejects(Scorer.start({ task, python: '/nonexistent/python' }), /cannot be started: run set-up again/);
  await writeFile(path.join(task.privateDirectory, 'answers.csv'), 'id,split\nr0,search\n');
  await assert.rejects(Scorer.start({ task, python }), /must have the columns id, split, y .*prepare the task again/);
});

test('a closed scorer refuses, and leaves no process', { timeout: 120_000 }, async () => {
  await using task = await makeToyTask(regression);
  const stop = new AbortController();
  const scorer = await Scorer.start({ task, python, signal: stop.signal });
  const { pid } = scorer;
  stop.abort();
  await assert.rejects(scorer.score('search', Buffer.from('id,y\n')), /closed/);
  await scorer.close();
  assert.throws(() => process.kill(pid ?? 0, 0), /ESRCH/);
});

test('a scorer that is closed while its process is being replaced leaves none', { timeout: 120_000 }, async () => {
  await using task = await makeToyTask(regression);
  const scorer = await Scorer.start({ task, python });
  process.kill(scorer.pid ?? 0, 'SIGKILL');
  await sleep(100);
  const pending = scorer.score('search', Buffer.from('id,y\n'));
  await sleep(100);
  await scorer.close();
  await assert.rejects(pending, /closed/);
  assert.throws(() => process.kill(scorer.pid ?? 0, 0), /ESRCH/);
});
