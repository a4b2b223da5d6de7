/** Scores through the real scoring process. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SplitName } from '../../protocol/task.ts';
import { Scorer, type Verdict } from '../../server/evaluation/scorer.ts';
import { type AnswerRow, answersOf, csv, makeToyTask, python, type ToyOptions } from './toyTask.ts';

/** Starts a scorer for a toy task, hands it over, and cleans up. */
async function withScorer(options: ToyOptions, work: (scorer: Scorer, answers: AnswerRow[]) => Promise<void>) {
  await using task = await makeToyTask(options);
  const scorer = await Scorer.start({ task, python });
  try {
    await work(scorer, options.answers);
  } finally {
    await scorer.close();
  }
}

function scored(verdict: Verdict) {
  assert.equal(verdict.kind, 'scored', verdict.kind === 'invalid' ? verdict.message : '');
  return verdict as Extract<Verdict, { kind: 'scored' }>;
}

function refused(verdict: Verdict): string {
  assert.equal(verdict.kind, 'invalid');
  return (verdict as Extract<Verdict, { kind: 'invalid' }>).message;
}

const regression: ToyOptions = {
  answers: answersOf(300, (row) => ({ y: (row * 37) % 101 })),
  metric: { name: 'RMSE', direction: 'minimize', bounds: [0, null], optimum: 0, impl: { builtin: 'rmse' } },
};

const classes = ['a', 'b', 'c'];
const labelled: ToyOptions = {
  answers: answersOf(300, (row) => ({ y: classes[((row * 37) % 101) % 3] ?? 'a' })),
  columns: [
    { name: 'id', role: 'id', dtype: 'string' },
    { name: 'y', role: 'value', dtype: 'string', levels: classes },
  ],
  metric: { name: 'accuracy', direction: 'maximize', bounds: [0, 1], impl: { builtin: 'accuracy' } },
};

describe('a regression task', { timeout: 240_000 }, () => {
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

  test('aligns by id: the order of rows and of columns does not matter', async () => {
    const shuffled = rows.toReversed().map(({ id, y }) => ({ y, id }));
    assert.equal(scored(await file(csv(shuffled))).score.value, 2);
  });

  test('reads a byte order mark, CRLF, quoted cells and numbers as pandas writes them', async () => {
    const text = `\ufeff${csv(rows).replaceAll('\n', '\r\n').replace('id,y', '"id","y"')}\r\n`;
    assert.equal(scored(await file(text)).score.value, 2);
    const exponents = csv(rows.map(({ id, y }) => ({ id, y: y.toExponential(8) })));
    assert.ok(Math.abs(scored(await file(exponents)).score.value - 2) < 1e-6);
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

  test('refuses missing, repeated and unknown ids with counts and at most three examples', async () => {
    assert.match(refused(await file(csv(rows.slice(5)))), /5 missing \(e\.g\. 'r000', 'r001', 'r002'\)/);
    assert.match(refused(await file(csv([...rows, ...rows.slice(0, 2)]))), /2 repeated \(e\.g\. 'r000', 'r001'\)/);
    assert.match(refused(await file(csv([...rows, { id: 'zzz', y: 1 }]))), /1 unknown \(e\.g\. 'zzz'\)/);
  });

  test('validates the rows of all splits, whichever is scored', async () => {
    const validationRow = regression.answers.findIndex(({ split }) => split === 'validation');
    const spoilt = csv(rows.map(({ id, y }, row) => ({ id, y: row === validationRow ? 'oops' : y })));
    assert.match(refused(await file(spoilt)), /'oops' is not a plain decimal number/);
  });

  for (const cell of [
    'nan',
    'NaN',
    'inf',
    '-Infinity',
    '',
    ' 1',
    '1,5',
    '1_000',
    '0x10',
    '١',
    '1e999',
    '1e200',
    'None',
  ]) {
    test(`refuses ${JSON.stringify(cell)} where a number belongs`, async () => {
      const message = refused(await file(csv(rows.map(({ id, y }, row) => ({ id, y: row === 3 ? cell : y })))));
      assert.match(message, /column 'y', data row 4: .* is not a (plain decimal|finite) number/);
    });
  }

  const badFiles: [string, Buffer | string, RegExp][] = [
    ['an empty file', '', /is empty/],
    ['a header alone', 'id,y\n', /300 missing/],
    ['an index column', csv(rows).replaceAll(/^/gm, ',').replace(/,$/, ''), /index=False/],
    ['another header', csv(rows).replace('id,y', 'id,label'), /lacks 'y' and has unknown 'label'; it must be: id,y/],
    ['a column twice', 'id,y,y\n', /names 'y' twice/],
    ['semicolons', csv(rows).replaceAll(',', ';'), /the header lacks 'id'/],
    ['ragged rows', csv(rows).replace('r001,', 'r001,7,'), /data row 2 has 3 fields/],
    ['a blank line within', csv(rows).replace('r003', '\nr003'), /blank line/],
    ['an open quote', `${csv(rows)}"r999`, /no valid CSV|fields/],
    ['NUL bytes', Buffer.from('id,y\nr000,\0\n'), /NUL/],
    ['other bytes than UTF-8', Buffer.from([0x69, 0x64, 0x2c, 0x79, 0x0a, 0xff, 0xfe]), /not UTF-8/],
    ['UTF-16', Buffer.from('\ufeffid,y', 'utf16le'), /UTF-16/],
    ['a pickle', Buffer.from([0x80, 0x04, 0x95, 0x00]), /pickle/],
    ['a zip archive', Buffer.from('PK\x03\x04rest'), /zip/],
    ['a gzip file', Buffer.from([0x1f, 0x8b, 0x08]), /gzip/],
    ['more rows than there can be', `id,y\n${'r000,1\n'.repeat(200_000)}`, /more than 1600 rows/],
    ['a field without end', `id,y\nr000,${'9'.repeat(100_000)}\n`, /field larger/],
    ['a row without end', `id,y\nr000${',1'.repeat(3_000_000)}\n`, /longer than/],
    ['a row of quoted line breaks', `id,y\n${'"\n",'.repeat(2_000_000)}`, /longer than/],
    ['a header without end', `${'y,'.repeat(500_000)}\n`, /the header has 500001 columns/],
  ];
  for (const [name, content, message] of badFiles) {
    test(`refuses ${name} and stays alive`, async () => {
      const { pid } = scorer;
      assert.match(refused(await scorer.score('search', Buffer.from(content))), message);
      assert.equal(scorer.pid, pid);
    });
  }

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

describe('ids', { timeout: 120_000 }, () => {
  test('are text: 1, 1.0 and 001 are three ids, and the message says how to keep them', async () => {
    const answers = answersOf(
      30,
      (row) => ({ y: row }),
      (row) => String(row).padStart(3, '0'),
    );
    await withScorer({ ...regression, answers }, async (scorer) => {
      const exact = answers.map(({ id, y }) => ({ id, y: y ?? 0 }));
      assert.equal(scored(await scorer.score('search', Buffer.from(csv(exact)))).score.value, 0);
      for (const spell of [(id: string) => String(Number(id)), (id: string) => Number(id).toFixed(1)]) {
        const spelt = exact.map(({ id, y }) => ({ id: spell(id), y }));
        assert.match(refused(await scorer.score('search', Buffer.from(csv(spelt)))), /unknown .*dtype=str/);
      }
    });
  });

  test('may hold commas, quotes and line breaks', async () => {
    const answers = answersOf(
      30,
      (row) => ({ y: row }),
      (row) => `line\n"${row}",x`,
    );
    await withScorer({ ...regression, answers }, async (scorer) => {
      const exact = answers.map(({ id, y }) => ({ id, y: y ?? 0 }));
      assert.equal(scored(await scorer.score('search', Buffer.from(csv(exact)))).score.value, 0);
    });
  });

  test('are not needed where rows align by position, but then their number must be exact', async () => {
    const options: ToyOptions = {
      ...regression,
      columns: [{ name: 'y', role: 'value', dtype: 'float' }],
      prediction: { align: 'position' },
    };
    await withScorer(options, async (scorer, answers) => {
      const values = answers.map(({ y }) => ({ y: Number(y) + 1 }));
      assert.equal(scored(await scorer.score('test', Buffer.from(csv(values)))).score.value, 1);
      assert.match(
        refused(await scorer.score('test', Buffer.from(csv(values.slice(1))))),
        /299 rows, the inputs have 300/,
      );
      assert.match(refused(await scorer.score('test', Buffer.from(csv([...values, { y: 1 }])))), /301 rows/);
    });
  });
});

describe('labels', { timeout: 120_000 }, () => {
  test('of another type than the answers are an error, never a score (the paper’s Appendix A)', async () => {
    await withScorer(labelled, async (scorer, answers) => {
      const codes = csv(answers.map(({ id, y }) => ({ id, y: classes.indexOf(String(y)) })));
      assert.match(refused(await scorer.score('search', Buffer.from(codes))), /not one of the labels a, b, c/);
      const gold = csv(answers.map(({ id, y }) => ({ id, y: y ?? '' })));
      assert.equal(scored(await scorer.score('search', Buffer.from(gold))).score.value, 1);
    });
    const columns = ['0', '1', '2'].map((name) => ({ name, role: 'value' as const, dtype: 'float' as const }));
    const integers: ToyOptions = {
      answers: labelled.answers,
      columns: [{ name: 'id', role: 'id', dtype: 'string' }, ...columns],
      metric: { name: 'log-loss', direction: 'minimize', impl: { builtin: 'log_loss' } },
    };
    await assert.rejects(
      withScorer(integers, async () => undefined),
      /label that no prediction column is named for/,
    );
  });

  test('that occur nowhere in the task are refused even where no levels are declared', async () => {
    const columns: ToyOptions['columns'] = [
      { name: 'id', role: 'id', dtype: 'string' },
      { name: 'y', role: 'value', dtype: 'string' },
    ];
    await withScorer({ ...labelled, columns }, async (scorer, answers) => {
      const codes = csv(answers.map(({ id, y }) => ({ id, y: classes.indexOf(String(y)) })));
      assert.match(refused(await scorer.score('search', Buffer.from(codes))), /no label that occurs in this task/);
      // One class that no hidden row has is merely wrong.
      const rare = csv(answers.map(({ id, y }, row) => ({ id, y: row === 0 ? 'rare' : (y ?? '') })));
      assert.equal(scored(await scorer.score('search', Buffer.from(rare))).score.value, 0.99);
    });
  });

  test('declared int are written as integers: "1.0" is refused with the way to mend it', async () => {
    const options: ToyOptions = {
      ...labelled,
      answers: labelled.answers.map((row) => ({ ...row, y: classes.indexOf(String(row.y)) })),
      columns: [
        { name: 'id', role: 'id', dtype: 'string' },
        { name: 'y', role: 'value', dtype: 'int', levels: [0, 1, 2] },
      ],
    };
    await withScorer(options, async (scorer, answers) => {
      const gold = answers.map(({ id, y }) => ({ id, y: y ?? 0 }));
      assert.equal(scored(await scorer.score('search', Buffer.from(csv(gold)))).score.value, 1);
      const floats = gold.map(({ id, y }) => ({ id, y: `${y}.0` }));
      assert.match(
        refused(await scorer.score('search', Buffer.from(csv(floats)))),
        /integer such as 1 .*astype\(int\)/,
      );
    });
  });

  test('of the answers that the manifest does not declare are the task’s fault, and are not quoted', async () => {
    const options: ToyOptions = {
      ...labelled,
      columns: [
        { name: 'id', role: 'id', dtype: 'string' },
        { name: 'y', role: 'value', dtype: 'string', levels: ['one', 'two'] },
      ],
    };
    await assert.rejects(
      withScorer(options, async () => undefined),
      (error: Error) => {
        assert.equal(error.name, 'ScorerError');
        assert.match(error.message, /3 of the answers' 3 labels are not among the levels/);
        return true;
      },
    );
  });
});

describe('probabilities', { timeout: 120_000 }, () => {
  const binary: ToyOptions = {
    answers: answersOf(300, (row) => ({ y: row % 7 === 0 ? 1 : 0 })),
    columns: [
      { name: 'id', role: 'id', dtype: 'string' },
      { name: 'p', role: 'value', dtype: 'float', min: 0, max: 1 },
    ],
    metric: { name: 'log-loss', direction: 'minimize', bounds: [0, null], impl: { builtin: 'log_loss' } },
  };

  test('of the positive class are scored by log-loss, and must lie between 0 and 1', async () => {
    await withScorer(binary, async (scorer, answers) => {
      const half = answers.map(({ id }) => ({ id, p: 0.5 }));
      const { score } = scored(await scorer.score('search', Buffer.from(csv(half))));
      assert.ok(Math.abs(score.value - Math.LN2) < 1e-12);
      const high = csv(half.map(({ id }, row) => ({ id, p: row === 9 ? 1.2 : 0.5 })));
      assert.match(refused(await scorer.score('search', Buffer.from(high))), /'1\.2' is not at most 1/);
      const certainAndWrong = csv(answers.map(({ id, y }) => ({ id, p: 1 - Number(y) })));
      assert.ok(scored(await scorer.score('search', Buffer.from(certainAndWrong))).score.value > 30);
    });
  });

  test('of several classes must sum to 1 in every row, and a row that sums to more gains nothing', async () => {
    const options: ToyOptions = {
      answers: labelled.answers,
      columns: [
        { name: 'id', role: 'id', dtype: 'string' },
        ...classes.map((name) => ({ name, role: 'value' as const, dtype: 'float' as const })),
      ],
      metric: { name: 'log-loss', direction: 'minimize', impl: { builtin: 'log_loss' } },
    };
    await withScorer(options, async (scorer, answers) => {
      const with_ = (a: number, b: number, c: number) => Buffer.from(csv(answers.map(({ id }) => ({ id, a, b, c }))));
      const even = scored(await scorer.score('search', with_(0.2, 0.3, 0.5))).score.value;
      const inflated = scored(await scorer.score('search', with_(0.20018, 0.30027, 0.50045))).score.value;
      assert.ok(Math.abs(even - inflated) < 1e-6, `${even} and ${inflated}`);
      assert.match(
        refused(await scorer.score('search', with_(0.2, 0.3, 0.6))),
        /in 300 of 300 rows .* sum to 1 .*1\.1/,
      );
      assert.match(refused(await scorer.score('search', with_(-0.2, 0.7, 0.5))), /no probability/);
    });
  });
});

describe('metrics', { timeout: 240_000 }, () => {
  test('RMSLE refuses what it is not defined for', async () => {
    const options: ToyOptions = { ...regression, metric: { ...regression.metric, impl: { builtin: 'rmsle' } } };
    await withScorer(options, async (scorer, answers) => {
      const file = csv(answers.map(({ id }) => ({ id, y: -0.5 })));
      assert.match(refused(await scorer.score('search', Buffer.from(file))), /300 values below 0/);
    });
  });

  test('MASE divides each error by its row’s scale', async () => {
    const options: ToyOptions = {
      answers: answersOf(30, (row) => ({ y: row, _scale: row < 15 ? 2 : 4, _group: Math.floor(row / 6) })),
      metric: { name: 'MASE', direction: 'minimize', bounds: [0, null], impl: { builtin: 'mase' } },
    };
    await withScorer(options, async (scorer, answers) => {
      const file = csv(answers.map(({ id, y }) => ({ id, y: Number(y) + 8 })));
      const { score } = scored(await scorer.score('search', Buffer.from(file)));
      assert.equal(score.value, 3);
      assert.ok(score.standardError > 0);
    });
  });

  test('Spearman’s rho of a constant is 0, not a hole in the data', async () => {
    const metric: ToyOptions['metric'] = {
      name: 'rho',
      direction: 'maximize',
      bounds: [-1, 1],
      impl: { builtin: 'spearman' },
    };
    await withScorer({ ...regression, metric }, async (scorer, answers) => {
      const file = csv(answers.map(({ id }) => ({ id, y: 4 })));
      const verdict = scored(await scorer.score('search', Buffer.from(file)));
      assert.deepEqual(verdict.score, { value: 0, standardError: 0, rows: 100 });
    });
  });

  test('a score outside metric.bounds is the manifest’s fault, not the candidate’s', async () => {
    await withScorer({ ...regression, metric: { ...regression.metric, bounds: [0, 1] } }, async (scorer, answers) => {
      const file = csv(answers.map(({ id }) => ({ id, y: 500 })));
      await assert.rejects(scorer.score('search', Buffer.from(file)), /outside metric\.bounds/);
    });
  });

  const cases: [string, Partial<ToyOptions>, RegExp][] = [
    ['an unknown metric', { metric: { ...regression.metric, impl: { builtin: 'rsme' } } }, /unknown built-in metric/],
    ['MASE without scales', { metric: { ...regression.metric, impl: { builtin: 'mase' } } }, /_scale/],
    [
      'answers that are no numbers',
      { answers: answersOf(9, (row) => ({ y: `v${row}` })) },
      /must hold plain numbers only/,
    ],
    [
      'a split of one class',
      {
        metric: { ...regression.metric, impl: { builtin: 'roc_auc' } },
        answers: answersOf(9, (r) => ({ y: r % 3 === 0 ? r % 2 : 1 })),
      },
      /one class only/,
    ],
    [
      'an id twice',
      {
        answers: answersOf(
          9,
          (row) => ({ y: row }),
          () => 'same',
        ),
      },
      /an id twice/,
    ],
    [
      'a target beyond its column’s max',
      {
        columns: [
          { name: 'id', role: 'id', dtype: 'string' },
          { name: 'y', role: 'value', dtype: 'float', max: 50 },
        ],
      },
      /break the prediction contract.*not at most 50/,
    ],
  ];
  for (const [name, change, message] of cases) {
    test(`${name} is found before anything is scored`, async () => {
      await assert.rejects(
        withScorer({ ...regression, ...change }, async () => undefined),
        (error: Error) => {
          assert.equal(error.name, 'ScorerError');
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /v\d/);
          return true;
        },
      );
    });
  }
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
