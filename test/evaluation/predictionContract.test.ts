/** What is accepted as predictions, and what is refused with which words. Through the real scoring process. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Scorer } from '../../server/evaluation/scorer.ts';
import { classes, labelled, refused, regression, scored, withScorer } from './scorerBench.ts';
import { answersOf, csv, makeToyTask, python, type ToyOptions } from './toyTask.ts';

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
