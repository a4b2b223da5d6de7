/** Built-in metrics through the real scoring process, and tasks that no metric fits. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refused, regression, scored, withScorer } from './scorerBench.ts';
import { answersOf, csv, type ToyOptions } from './toyTask.ts';

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

  test('a score outside metric.bounds is one candidate’s failure where others can be scored', async () => {
    await withScorer({ ...regression, metric: { ...regression.metric, bounds: [0, 1] } }, async (scorer, answers) => {
      const file = csv(answers.map(({ id }) => ({ id, y: 500 })));
      assert.match(refused(await scorer.score('search', Buffer.from(file))), /outside metric\.bounds/);
      const near = csv(answers.map(({ id, y }) => ({ id, y: Number(y) + 0.5 })));
      assert.equal(scored(await scorer.score('search', Buffer.from(near))).score.value, 0.5);
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
