/** What each split method promises, seen from the prepared folders. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { localTask, type Row, readRows, regression, rows, splitOfRows } from './localTask.ts';

const timeout = 120_000;

/** The splits in which each value of a column occurs. */
function splitsByValue(assigned: (Row & { split: string })[], column: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const row of assigned) {
    const value = row[column] ?? '';
    found.set(value, (found.get(value) ?? new Set()).add(row.split));
  }
  return found;
}

function withSplit(split: object, more: object = {}): object {
  return { ...regression, split: { min_rows: 1, ...split }, ...more };
}

describe('splits', { timeout, concurrency: 2 }, () => {
  const plain = rows(400, (index) => ({ x: String((index * 7919) % 401), y: String(index) }));

  it('are identical in every home, byte for byte, and another version is another split', async (context) => {
    const task = localTask(context, regression, plain);
    const first = await task.prepare();
    const second = await task.prepare(path.join(task.home, 'elsewhere'));
    assert.equal(second.splitHash, first.splitHash);
    for (const file of ['public/train/train.csv', 'public/eval/inputs.csv', 'private/answers.csv', 'private/key']) {
      assert.deepEqual(
        readFileSync(path.join(second.directory, file)),
        readFileSync(path.join(first.directory, file)),
        file,
      );
    }
    task.writeManifest({ ...regression, version: 2 });
    const other = await task.prepare();
    assert.notEqual(other.splitHash, first.splitHash);
    const searchRows = (of: typeof first): string[] =>
      readRows(of.privateDirectory, 'rows.csv').flatMap(({ row = '', split }) => (split === 'search' ? [row] : []));
    assert.notDeepEqual(searchRows(other).sort(), searchRows(first).sort());
  });

  it('have the shares of the manifest, the holdout being taken first', async (context) => {
    const fractions = { train: 0.5, search: 0.25, validation: 0.25 };
    const task = localTask(context, withSplit({ method: 'random', fractions, test: { holdout: 0.2 } }), plain);
    assert.deepEqual((await task.prepare()).counts, { train: 160, search: 80, validation: 80, test: 80 });
  });

  it('give every row to exactly one side, and show hidden rows without their target', async (context) => {
    const task = localTask(context, regression, plain);
    const prepared = await task.prepare();
    const train = readRows(prepared.publicDirectory, 'train', 'train.csv');
    const answers = readRows(prepared.privateDirectory, 'answers.csv');
    const inputs = readRows(prepared.publicDirectory, 'eval', 'inputs.csv');
    assert.deepEqual(Object.keys(inputs[0] ?? {}), ['id', 'x']);
    assert.deepEqual(
      [...train, ...answers].map(({ y }) => Number(y)).sort((a, b) => a - b),
      plain.map((_, index) => index),
    );
    assert.deepEqual(
      inputs.map(({ id }) => id),
      answers.map(({ id }) => id),
    );
    for (const [index, { x }] of inputs.entries()) assert.equal(x, plain[Number(answers[index]?.y)]?.x);
  });

  it('never divide a group, nor groups that are linked by another key', async (context) => {
    // Patients share devices: 0 and 1 share one, 1 and 2 another; only the connected component may be cut off.
    const table = rows(300, (index) => ({
      patient: `p${Math.floor(index / 3)}`,
      device: index % 3 === 0 ? `d${Math.floor(index / 12)}` : '',
      y: String(index),
    }));
    const task = localTask(context, withSplit({ method: 'group', group: ['patient', 'device'] }), table);
    const prepared = await task.prepare();
    const assigned = splitOfRows(prepared, table);
    for (const [patient, splits] of splitsByValue(assigned, 'patient')) assert.equal(splits.size, 1, patient);
    for (const [device, splits] of splitsByValue(assigned, 'device'))
      if (device !== '') assert.equal(splits.size, 1, device);
    assert.equal(new Set(assigned.map(({ split }) => split)).size, 4);
    const answers = readRows(prepared.privateDirectory, 'answers.csv');
    assert.ok(
      answers.every(({ _group }) => /^\d+$/.test(_group ?? '')),
      'answers lack the group of the bootstrap',
    );
    assert.equal(new Set(answers.map(({ _group }) => _group)).size, answers.length / 12);
  });

  it('never have a hidden row whose features equal a training row, with dedupe by group', async (context) => {
    const table = rows(400, (index) => ({ a: String(index % 97), b: 'same', y: String(index) }));
    const task = localTask(
      context,
      withSplit({ method: 'random', dedupe: { key: 'features', policy: 'group' } }),
      table,
    );
    for (const [value, splits] of splitsByValue(splitOfRows(await task.prepare(), table), 'a'))
      assert.equal(splits.size, 1, value);
    assert.match(task.lines.join('\n'), /303 rows duplicate another/);
  });

  it('say so when a hidden row equals a training row and nothing is done about it', async (context) => {
    const table = rows(200, (index) => ({ a: String(index % 20), y: String(index) }));
    const task = localTask(context, regression, table);
    await task.prepare();
    assert.match(
      task.lines.join('\n'),
      /rows of the test split equal a training row in every feature: consider split\.dedupe/,
    );
  });

  it('keep one of each set of duplicates with dedupe by drop, and refuse them with dedupe by error', async (context) => {
    const table = rows(200, (index) => ({ a: String(index % 100), y: String(index) }));
    const dropping = localTask(context, withSplit({ method: 'random', dedupe: { key: ['a'], policy: 'drop' } }), table);
    const { train, search, validation, test } = (await dropping.prepare()).counts;
    assert.equal(train + search + validation + test, 100);
    const refusing = localTask(
      context,
      withSplit({ method: 'random', dedupe: { key: ['a'], policy: 'error' } }),
      table,
    );
    await assert.rejects(refusing.prepare(), /100 rows duplicate another by split\.dedupe\.key/);
  });

  it('keep the shares of classes when stratified, and leave classes of two rows to training', async (context) => {
    const kinds = ['common', 'common', 'common', 'rare'];
    const table = rows(402, (index) => ({ x: String(index), y: index < 400 ? (kinds[index % 4] ?? '') : 'single' }));
    const manifest = {
      ...regression,
      split: { method: 'stratified', min_rows: 1 },
      prediction: {
        columns: [
          { name: 'id', role: 'id', dtype: 'string' },
          { name: 'y', role: 'value', dtype: 'string', levels: ['common', 'rare', 'single'] },
        ],
      },
      metric: { name: 'accuracy', direction: 'maximize', optimum: 1, impl: { builtin: 'accuracy' } },
    };
    const assigned = splitOfRows(await localTask(context, manifest, table).prepare(), table);
    for (const split of ['search', 'validation', 'test']) {
      const rare = assigned.filter((row) => row.split === split && row.y === 'rare').length;
      assert.ok(rare >= 8 && rare <= 11, `${split}: ${rare} rare rows of 100 x 9 to 10 %`);
    }
    assert.deepEqual(splitsByValue(assigned, 'y').get('single'), new Set(['train']));
  });

  it('spread a numeric target evenly when stratified', async (context) => {
    const table = rows(500, (index) => ({ x: 'a', y: String(index ** 2) }));
    const assigned = splitOfRows(await localTask(context, withSplit({ method: 'stratified' }), table).prepare(), table);
    for (const split of ['search', 'validation', 'test']) {
      for (let decile = 0; decile < 10; decile++) {
        const inside = assigned.filter(
          (row) => row.split === split && Math.floor(Math.sqrt(Number(row.y)) / 50) === decile,
        ).length;
        assert.ok(inside >= 3 && inside <= 7, `${split}, decile ${decile}: ${inside} of about 4.5 to 5`);
      }
    }
  });

  it('go from past to future when split by time, equal times together', async (context) => {
    const date = (index: number): string =>
      new Date(Date.UTC(2020, 0, 1 + Math.floor(index / 4))).toISOString().slice(0, 10);
    const table = rows(400, (index) => ({ date: date((index * 37) % 400), y: String(index) }));
    const task = localTask(context, withSplit({ method: 'time', time: 'date', gap: 2 }), table);
    const assigned = splitOfRows(await task.prepare(), table);
    const range = (split: string): string[] =>
      assigned.flatMap((row) => (row.split === split ? [row.date ?? ''] : [])).sort();
    let latest = '';
    for (const split of ['train', 'search', 'validation', 'test']) {
      const dates = range(split);
      assert.ok((dates[0] ?? '') > latest, `${split} begins after ${latest}`);
      latest = dates.at(-1) ?? '';
    }
    const days = (Date.parse(range('search')[0] ?? '') - Date.parse(range('train').at(-1) ?? '')) / 86_400_000;
    assert.equal(days, 3, 'two days are left out between training and search');
  });

  it('take predefined splits from their column, which no program sees', async (context) => {
    const names = ['train', 'train', 'search', 'validation', 'test'];
    const table = rows(100, (index) => ({ x: String(index), part: names[index % 5] ?? '', y: String(index) }));
    const prepared = await localTask(
      context,
      withSplit({ method: 'predefined', column: 'part', test: 'provided' }),
      table,
    ).prepare();
    for (const row of splitOfRows(prepared, table)) assert.equal(row.split, row.part);
    assert.deepEqual(Object.keys(readRows(prepared.publicDirectory, 'train', 'train.csv')[0] ?? {}), ['x', 'y']);
  });

  it('leave a provided test part as it is', async (context) => {
    const table = rows(100, (index) => ({ x: String(index), part: index < 30 ? 'test' : '', y: String(index) }));
    const prepared = await localTask(
      context,
      withSplit({ method: 'random', column: 'part', test: 'provided' }),
      table,
    ).prepare();
    assert.deepEqual(prepared.counts, { train: 56, search: 7, validation: 7, test: 30 });
    for (const row of splitOfRows(prepared, table)) assert.equal(row.split === 'test', row.part === 'test');
  });

  it('run a command of the task for custom splits, and check what it wrote', async (context) => {
    const table = rows(40, (index) => ({ x: String(index), y: String(index) }));
    const task = localTask(context, withSplit({ method: 'custom', cmd: ['python', 'cut.py'] }), table);
    const script = (split: string): void =>
      writeFileSync(
        path.join(task.folder, 'cut.py'),
        `import os
names = ['train', 'search', 'validation', 'test']
with open(os.environ['AIRA_SPLIT_FILE'], 'w') as file:
    file.write('row,split\\n')
    for row in range(40):
        file.write(str(row) + ',' + ${split} + '\\n')
`,
      );
    script("'hidden'");
    await assert.rejects(task.prepare(), /split\.cmd wrote the split 'hidden'; allowed are/);
    script('names[row % 4]');
    assert.deepEqual((await task.prepare()).counts, { train: 10, search: 10, validation: 10, test: 10 });
    assert.deepEqual(readdirSync(task.folder).sort(), ['cut.py', 'description.md', 'table.csv', 'task.yaml']);
  });
});

describe('data that does not fit the manifest', { timeout, concurrency: 2 }, () => {
  const plain = rows(100, (index) => ({ x: String(index), y: String(index) }));
  const cases: [title: string, manifest: object, table: Row[], expected: RegExp][] = [
    [
      'a target that is not there',
      { ...regression, data: { target: ['z'] } },
      plain,
      /data\.target names the column 'z', which table\.csv lacks; it has: x, y/,
    ],
    [
      'a row without a target',
      regression,
      plain.map((row, index) => (index === 5 ? { ...row, y: '' } : row)),
      /1 rows have no value in the target 'y'/,
    ],
    ['a feature called id', regression, plain.map((row) => ({ id: '1', ...row })), /a feature called 'id'/],
    [
      'a split that is too small',
      withSplit({ method: 'random', min_rows: 30 }),
      plain,
      /the search split has 9 rows, fewer than split\.min_rows \(30\)/,
    ],
    [
      'ids that repeat',
      { ...regression, data: { target: ['y'], id: ['k'] } },
      plain.map((row) => ({ k: '1', ...row })),
      /data\.id does not identify a row: 99 rows repeat/,
    ],
    ['no feature left', { ...regression, data: { target: ['y'], drop: ['x'] } }, plain, /no feature is left/],
  ];
  for (const [title, manifest, table, expected] of cases) {
    it(`is refused for ${title}, and leaves nothing behind`, async (context: TestContext) => {
      const task = localTask(context, manifest, table);
      await assert.rejects(task.prepare(), expected);
      assert.deepEqual(readdirSync(path.join(task.home, 'tasks')), []);
    });
  }
});
