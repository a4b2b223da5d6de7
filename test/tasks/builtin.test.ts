/** The five built-in tasks, prepared for real (once, in a home that tests share) and held to what their manifests say. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { builtinTaskIds, resolveTask } from '../../server/tasks/catalog.ts';
import { checkPreparedTask } from '../../server/tasks/check.ts';
import { prepareTask } from '../../server/tasks/prepare.ts';
import type { PreparedTask } from '../../server/tasks/preparedTask.ts';
import { python, readRows } from './localTask.ts';

const home = process.env.AIRA2_TEST_HOME ?? path.resolve(import.meta.dirname, '../../.aira2-test');

describe('the built-in tasks', { timeout: 900_000 }, () => {
  const tasks = new Map<string, PreparedTask>();
  const task = (id: string): PreparedTask => tasks.get(id) ?? assert.fail(id);

  before(async () => {
    for (const id of builtinTaskIds()) {
      tasks.set(id, await prepareTask({ home, reference: id, python, log: (line) => console.log(line) }));
    }
  });

  for (const id of builtinTaskIds()) {
    it(`${id} passes its self-test`, async () => {
      const check = await checkPreparedTask(task(id), python);
      assert.deepEqual(
        check.findings.filter(({ status }) => status !== 'ok'),
        [],
      );
      for (const split of check.splits) {
        assert.ok(split.rows >= 500, `${split.split} has ${split.rows} rows`);
        assert.ok(split.sample !== null && split.constant !== null && split.constant.standardError > 0);
      }
    });

    it(`${id} has the split that its manifest pins, and references in the order naive, simple, strong`, () => {
      const { manifest } = resolveTask(id);
      assert.equal(manifest.split.hash, task(id).splitHash);
      const { baselines } = manifest.reference;
      assert.deepEqual(
        baselines.map(({ name }) => name),
        ['naive', 'simple', 'strong'],
      );
      const [naive, simple, strong] = baselines.map(({ score }) =>
        manifest.metric.direction === 'maximize' ? score : -score,
      );
      assert.ok((naive ?? 0) < (simple ?? 0) && (simple ?? 0) < (strong ?? 0));
    });

    it(`${id} shows programs no dropped column, and describes every column it shows`, () => {
      const { manifest, publicDirectory, description, dataCard } = task(id);
      const columns = Object.keys(readRows(publicDirectory, 'train', 'train.csv')[0] ?? {});
      for (const column of manifest.data.drop) assert.ok(!columns.includes(column), column);
      for (const column of columns) {
        assert.match(description, new RegExp(`\\b${column}\\b`), `description.md says nothing of ${column}`);
        assert.ok(dataCard.includes(`| ${column} |`), `data_card.md says nothing of ${column}`);
      }
    });
  }

  it('keep equal diamonds and equal verb definitions on one side', () => {
    const stone = ({ price: _, id: __, ...features }: Record<string, string>): string =>
      JSON.stringify(Object.entries(features).sort());
    const known = new Set(readRows(task('diamonds').publicDirectory, 'train', 'train.csv').map(stone));
    assert.equal(
      readRows(task('diamonds').publicDirectory, 'eval', 'inputs.csv').filter((row) => known.has(stone(row))).length,
      0,
    );
    const definitions = new Set(
      readRows(task('verbs').publicDirectory, 'train', 'train.csv').map(({ definition }) => definition),
    );
    const inputs = readRows(task('verbs').publicDirectory, 'eval', 'inputs.csv');
    assert.equal(inputs.filter(({ definition }) => definitions.has(definition)).length, 0);
    assert.equal(definitions.size + new Set(inputs.map(({ definition }) => definition)).size, 13_662);
  });

  it('count the reports whose damage was graded by mishap class as damage', () => {
    const { publicDirectory, privateDirectory } = task('birdstrikes');
    const labels = [...readRows(publicDirectory, 'train', 'train.csv'), ...readRows(privateDirectory, 'answers.csv')];
    assert.equal(labels.length, 10_000);
    assert.equal(labels.filter(({ damage }) => damage === '1').length, 1061);
  });

  it('forecast the last three years of Texan home sales, one after the other', () => {
    const starts = task('txhousing').views.map(({ evalDirectory }) =>
      readRows(evalDirectory, 'inputs.csv')
        .map(({ date = '' }) => date)
        .sort()
        .at(0),
    );
    assert.deepEqual(starts, ['2012-08-01', '2013-08-01', '2014-08-01']);
  });
});
