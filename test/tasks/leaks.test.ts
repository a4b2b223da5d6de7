/** What the public part tells beside its features: nothing (notes on order, id, size and time of files). */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { execa } from 'execa';
import type { PreparedTask } from '../../server/tasks/preparedTask.ts';
import { type LocalTask, localTask, python, readRows, regression, rows } from './localTask.ts';

/** 6,000 rows sorted by their target, so that any trace of the source's order is a trace of the label. */
function sortedTask(context: TestContext): LocalTask {
  return localTask(
    context,
    { ...regression, data: { target: ['y'], drop: ['secret'] } },
    rows(6000, (index) => ({
      x: String((index * 7919) % 6007),
      secret: `dropped-${index}`,
      y: String(1_000_000 + index),
    })),
  );
}

/**
 * Five-fold AUC of a forest that sees of each hidden row only its place in the file and its id, for two questions: is the
 * target above the median, and is the row of the search split.
 */
const probe = `
import json, sys
import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_predict
from sklearn.metrics import roc_auc_score
inputs, answers = (pd.read_csv(path, dtype={'id': str}) for path in sys.argv[1:3])
train = pd.read_csv(sys.argv[3])
answers = answers.set_index('id').loc[inputs['id']].reset_index()
place = np.arange(len(inputs))
digits = np.array([[int(c, 16) for c in identifier] for identifier in inputs['id']])
whole = np.array([int(identifier, 16) for identifier in inputs['id']], dtype=float)
X = np.column_stack([place, place % 2, place % 10, digits, whole])
def auc(X, question):
    model = RandomForestClassifier(100, min_samples_leaf=20, random_state=0)
    return float(roc_auc_score(question, cross_val_predict(model, X, question, cv=5, method='predict_proba')[:, 1]))
high = train['y'] > train['y'].median()
row = np.arange(len(train))
print(json.dumps({
    'target': auc(X, (answers['y'] > answers['y'].median()).to_numpy()),
    'split': auc(X, (answers['split'] == 'search').to_numpy()),
    'train': auc(np.column_stack([row, row % 2, row % 10]), high.to_numpy()),
}))
`;

describe('the public part of a task', { timeout: 120_000 }, () => {
  it('lets a classifier on place and id alone tell neither label nor split: AUC about one half', async (context) => {
    const { publicDirectory, privateDirectory } = await sortedTask(context).prepare();
    const files = [
      path.join(publicDirectory, 'eval', 'inputs.csv'),
      path.join(privateDirectory, 'answers.csv'),
      path.join(publicDirectory, 'train', 'train.csv'),
    ];
    const { stdout } = await execa(python, ['-c', probe, ...files], {
      env: { OMP_NUM_THREADS: '1' },
      timeout: 100_000,
    });
    // 1,600 hidden rows: the standard error of an AUC without signal is about 0.015.
    for (const [question, auc] of Object.entries(JSON.parse(stdout) as Record<string, number>)) {
      assert.ok(Math.abs(auc - 0.5) < 0.06, `${question}: AUC ${auc}`);
    }
  });

  it('has files of one time, and folders of one time', async (context) => {
    const { publicDirectory } = await sortedTask(context).prepare();
    const times = filesAndFolders(publicDirectory).map((file) => statSync(file).mtimeMs);
    assert.deepEqual([...new Set(times)], [946_684_800_000]);
  });

  it('has opaque ids: twelve hex digits that no guess from public facts gives', async (context) => {
    const task = await sortedTask(context).prepare();
    const ids = new Set(readRows(task.publicDirectory, 'eval', 'inputs.csv').map(({ id = '' }) => id));
    for (const id of ids) assert.match(id, /^[0-9a-f]{12}$/);
    const keys = ['', 'mine@1', 'mine', task.splitHash, `id\nmine@1`];
    for (let row = 0; row < 6000; row++) {
      for (const key of keys) {
        const guesses = [
          createHash('sha256').update(`${key}\n${row}`).digest('hex'),
          createHash('sha256').update(`${key}${row}`).digest('hex'),
          createHmac('sha256', key).update(`id\n${row}`).digest('hex'),
          createHmac('sha256', key).update(String(row)).digest('hex'),
        ];
        for (const guess of guesses) assert.ok(!ids.has(guess.slice(0, 12)), `row ${row} under ${JSON.stringify(key)}`);
      }
    }
  });

  it('holds no hidden label, no dropped column and no key, and neither does task.json', async (context) => {
    const task = await sortedTask(context).prepare();
    const hidden = readRows(task.privateDirectory, 'answers.csv').map(({ y = '' }) => y);
    const key = readFileSync(path.join(task.privateDirectory, 'key'), 'utf8').trim();
    assert.equal(key.length, 64);
    const shown = [...filesAndFolders(task.publicDirectory).filter(isFile), path.join(task.directory, 'task.json')];
    for (const file of shown) {
      const text = readFileSync(file, 'utf8');
      assert.ok(!text.includes('dropped-'), `${file} has a dropped column`);
      assert.ok(!text.includes(key), `${file} has the key`);
      const words = new Set(text.match(/\d{7}/g));
      // The data card and the sample submission may name training labels, e.g. the median; those are no hidden ones.
      assert.deepEqual(
        hidden.filter((label) => words.has(label)),
        [],
        file,
      );
    }
  });

  it('is not shown later histories: a per-split task keeps them in a folder of its own', async (context) => {
    const table = rows(240, (index) => ({
      series: `s${index % 6}`,
      t: String(Math.floor(index / 6)),
      y: String(1_000_000 + index),
    }));
    const task: PreparedTask = await localTask(
      context,
      {
        ...regression,
        split: { method: 'rolling_origin', group: ['series'], time: 't', horizon: 4, min_rows: 1 },
        view: { mode: 'per_split' },
      },
      table,
    ).prepare();
    const secret = readRows(task.privateDirectory, 'answers.csv').map(({ y = '' }) => y);
    for (const file of filesAndFolders(task.publicDirectory).filter(isFile)) {
      const words = new Set(readFileSync(file, 'utf8').match(/\d{7}/g));
      assert.deepEqual(
        secret.filter((label) => words.has(label)),
        [],
        file,
      );
    }
    assert.equal(statSync(task.evaluatorDirectory).mode & 0o777, 0o700);
  });
});

function filesAndFolders(directory: string): string[] {
  const inside = readdirSync(directory, { recursive: true, withFileTypes: true });
  return [directory, ...inside.map((entry) => path.join(entry.parentPath, entry.name))];
}

function isFile(file: string): boolean {
  return statSync(file).isFile();
}
