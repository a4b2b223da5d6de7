/** Time series: three origins, growing histories, and the scale that MASE divides by. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PreparedTask } from '../../server/tasks/preparedTask.ts';
import { localTask, type Row, readRows, regression, rows } from './localTask.ts';

const season = 4;
const horizon = 4;
const periods = 40;

/** Three shops, 40 quarters; `b` lacks some values, `c` only began after the first origin's seasonal history. */
function value(shop: string, quarter: number): string {
  if (shop === 'b' && [7, 30, 37].includes(quarter)) return '';
  if (shop === 'c' && quarter < 26) return '';
  return String(100 + 3 * quarter + 10 * (quarter % season) + ((quarter * 7) % 5));
}

const table = rows(3 * periods, (index) => {
  const shop = 'abc'[index % 3] ?? '';
  const quarter = Math.floor(index / 3);
  return { shop, quarter: String(quarter), y: value(shop, quarter) };
});

const manifest = {
  ...regression,
  modality: 'time-series',
  split: { method: 'rolling_origin', group: ['shop'], time: 'quarter', horizon, min_rows: 1 },
  view: { mode: 'per_split' },
  metric: { name: 'MASE', direction: 'minimize', optimum: 0, season, impl: { builtin: 'mase' } },
};

function view(task: PreparedTask, split: string): { train: Row[]; inputs: Row[] } {
  const found = task.views.find((candidate) => candidate.split === split);
  assert.ok(found, split);
  return { train: readRows(found.trainDirectory, 'train.csv'), inputs: readRows(found.evalDirectory, 'inputs.csv') };
}

const quarters = (part: Row[]): number[] => part.map(({ quarter }) => Number(quarter));

describe('rolling origin', { timeout: 60_000 }, () => {
  it('runs search first, each window after the whole history before it, the public part holding the first only', async (context) => {
    const task = await localTask(context, manifest, table).prepare();
    assert.deepEqual(
      task.views.map(({ split }) => split),
      ['search', 'validation', 'test'],
    );
    for (const [index, split] of ['search', 'validation', 'test'].entries()) {
      const { train, inputs } = view(task, split);
      const start = periods - (3 - index) * horizon;
      assert.equal(Math.max(...quarters(train)), start - 1);
      assert.equal(train.length, 3 * start, 'months without a value stay in the history');
      assert.deepEqual(
        [...new Set(quarters(inputs))].sort((a, b) => a - b),
        [0, 1, 2, 3].map((step) => start + step),
      );
      assert.equal(Object.keys(inputs[0] ?? {}).join(), 'id,shop,quarter');
    }
    assert.ok(view(task, 'search').train.length < view(task, 'validation').train.length);
    assert.ok(task.views[0]?.trainDirectory.startsWith(task.publicDirectory));
    for (const later of task.views.slice(1)) assert.ok(later.trainDirectory.startsWith(task.evaluatorDirectory));
  });

  it('asks for no row whose value nobody knows, and for no series without a seasonal history', async (context) => {
    const local = localTask(context, manifest, table);
    const task = await local.prepare();
    const asked = (split: string, shop: string): number[] =>
      quarters(view(task, split).inputs.filter((row) => row.shop === shop)).sort((a, b) => a - b);
    assert.deepEqual(asked('search', 'b'), [28, 29, 31]);
    assert.deepEqual(asked('search', 'c'), [], 'two quarters of history hold no seasonal difference');
    assert.deepEqual(asked('validation', 'c'), [32, 33, 34, 35]);
    assert.match(local.lines.join('\n'), /search: 4 rows of series without a seasonal history are not asked for/);
  });

  it("divides by the mean absolute seasonal difference of the series' own history", async (context) => {
    const task = await localTask(context, manifest, table).prepare();
    const answers = new Map(readRows(task.privateDirectory, 'answers.csv').map((row) => [row.id, row]));
    for (const [index, split] of ['search', 'validation', 'test'].entries()) {
      const start = periods - (3 - index) * horizon;
      for (const { id, shop = '' } of view(task, split).inputs) {
        const differences: number[] = [];
        for (let quarter = season; quarter < start; quarter++) {
          const [now, before] = [value(shop, quarter), value(shop, quarter - season)];
          if (now !== '' && before !== '') differences.push(Math.abs(Number(now) - Number(before)));
        }
        const expected = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
        const answer = answers.get(id);
        assert.equal(answer?.split, split);
        assert.ok(
          Math.abs(Number(answer?._scale) - expected) < 1e-9,
          `${split} ${shop}: ${answer?._scale}, not ${expected}`,
        );
      }
    }
  });

  it('groups the bootstrap by series', async (context) => {
    const task = await localTask(context, manifest, table).prepare();
    const answers = new Map(readRows(task.privateDirectory, 'answers.csv').map((row) => [row.id, row]));
    const shopOf = new Map<string, Set<string>>();
    for (const split of ['search', 'validation', 'test']) {
      for (const { id, shop = '' } of view(task, split).inputs) {
        shopOf.set(shop, (shopOf.get(shop) ?? new Set()).add(answers.get(id)?._group ?? ''));
      }
    }
    assert.deepEqual(
      [...shopOf.values()].map((groups) => groups.size),
      [1, 1, 1],
    );
    assert.equal(new Set([...shopOf.values()].flatMap((groups) => [...groups])).size, 3);
  });

  it('leaves the gap of the manifest out between history and forecast', async (context) => {
    const task = await localTask(context, { ...manifest, split: { ...manifest.split, gap: 2 } }, table).prepare();
    const { train, inputs } = view(task, 'test');
    assert.equal(Math.min(...quarters(inputs)) - Math.max(...quarters(train)), 3);
  });

  it('refuses a history that is too short, and a series with a time twice', async (context) => {
    const short = localTask(
      context,
      manifest,
      table.filter(({ quarter }) => Number(quarter) < 15),
    );
    await assert.rejects(short.prepare(), /15 periods are too few for three windows of 4/);
    const twice = localTask(context, manifest, [...table, { shop: 'a', quarter: '0', y: '5' }]);
    await assert.rejects(twice.prepare(), /1 rows repeat a time of their series/);
  });
});
