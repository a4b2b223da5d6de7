import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readGenome } from '../../server/models/heuristic/genome.ts';
import { createHeuristicModel } from '../../server/models/heuristic/index.ts';
import { taskOf } from '../../server/models/heuristic/samples.test-data.ts';
import type { OperatorContext, ParentContext, ProgramText, TaskContext } from '../../server/models/operatorContext.ts';
import { type Driven, drive, pythonBin, runProgram } from './driver.ts';

let folder = '';
let made = 0;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aira2-trajectory-'));
  const script = path.join(import.meta.dirname, 'make_data.py');
  await promisify(execFile)(path.join(pythonBin, 'python'), [script, path.join(folder, 'data')], { timeout: 60_000 });
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

function contextOf(task: TaskContext, more: Partial<OperatorContext> = {}): OperatorContext {
  return {
    operator: 'draft',
    task,
    hardware: { cpus: 1, memoryMb: 4000, gpu: null },
    limits: { toolTimeoutS: 120, evaluationTimeoutS: 120, trajectoryS: 900, maxSteps: 40 },
    parents: [],
    lineage: [],
    siblings: [],
    inFlight: [],
    leaders: [],
    draftIndex: 0,
    populationSize: 0,
    guidance: null,
    ...more,
  };
}

const parentOf = (id: number, program: ProgramText, logTail = ''): ParentContext => ({
  id,
  summary: 'first linear',
  author: 'heuristic',
  program,
  score: 0.2,
  standardError: 0.01,
  rank: id,
  failure: null,
  runtimeS: 2,
  runtimeCapS: 120,
  logTail,
});

const where = (data: string) => ({
  trainDirectory: path.join(folder, 'data', data, 'train'),
  evalDirectory: path.join(folder, 'data', data, 'eval'),
  pythonBin,
});

async function driven(data: string, context: OperatorContext, seed: number, loseAt: number[] = []): Promise<Driven> {
  made += 1;
  const workspace = path.join(folder, `workspace-${made}`);
  await mkdir(workspace);
  return drive({ model: createHeuristicModel(), context, seed, workspace, loseAt, ...where(data) });
}

/** Runs what was submitted from a clean folder; resolves to its log once the predictions are there. */
async function evaluated(data: string, program: ProgramText, rows: number): Promise<string> {
  made += 1;
  const done = await runProgram(program, path.join(folder, `evaluation-${made}`), where(data));
  assert.equal(done.code, 0, done.output);
  const lines = (await readFile(path.join(done.outDirectory, 'predictions.csv'), 'utf8')).trim().split('\n');
  assert.equal(lines.length, rows + 1);
  return done.output;
}

const price = taskOf('tabular', 'RMSLE', 'minimize', ['price'], [{ name: 'price', dtype: 'float', min: 0 }]);
const sales = taskOf('time-series', 'MASE', 'minimize', ['sales'], [{ name: 'sales', dtype: 'float', min: 0 }]);

describe('a trajectory with real processes', { timeout: 900_000 }, () => {
  it('drafts, mutates and crosses programs that run from a clean folder', async () => {
    const first = await driven('sales', contextOf(sales, { draftIndex: 2 }), 1);
    const second = await driven('sales', contextOf(sales, { draftIndex: 3 }), 2);
    assert.match(first.summary ?? '', /^first smoothing/);
    assert.match(second.summary ?? '', /^first ridge/);
    const logs = [await evaluated('sales', first.program, 18), await evaluated('sales', second.program, 18)];
    const mothers = [parentOf(1, first.program, logs[0]), parentOf(2, second.program, logs[1])];
    const mutant = await driven('sales', contextOf(sales, { operator: 'mutation', parents: mothers.slice(0, 1) }), 3);
    assert.match(mutant.summary ?? '', / \(from #1\)$/);
    await evaluated('sales', mutant.program, 18);
    const crossed = await driven('sales', contextOf(sales, { operator: 'crossover', parents: mothers }), 4);
    assert.match(crossed.summary ?? '', / \(from #1 and #2\)$/);
    await evaluated('sales', crossed.program, 18);
    for (const { messages } of [first, mutant, crossed]) assert.ok(messages.length < 20, 'few turns');
  });

  it('goes on from a machine that was lost, and submits the same program as without', async () => {
    const undisturbed = await driven('price', contextOf(price), 5);
    const lost = await driven('price', contextOf(price), 5, [4]);
    assert.deepEqual(lost.program, undisturbed.program);
    assert.equal(lost.summary, undisturbed.summary);
    assert.ok(readGenome(lost.program['solution.py'] ?? '', 'regression') !== null);
  });

  it('averages a program of somebody else with one of its own', async () => {
    const theirs = {
      'solution.py': [
        'import os',
        'import pandas as pd',
        'from model import answer',
        'inputs = pd.read_csv(os.path.join(os.environ["AIRA_EVAL_DIR"], "inputs.csv"))',
        'out = os.path.join(os.environ["AIRA_OUT_DIR"], "predictions.csv")',
        'pd.DataFrame({"id": inputs["id"], "price": answer}).to_csv(out, index=False)',
      ].join('\n'),
      'model.py': 'answer = 7.0\n',
    };
    const context = contextOf(price, { operator: 'mutation', parents: [parentOf(9, theirs)], populationSize: 1 });
    const { program, summary } = await driven('price', context, 6);
    assert.match(summary ?? '', /^average of #9 with first /);
    assert.equal(program['theirs/model.py'], theirs['model.py']);
    await evaluated('price', program, 60);
    const child = await driven(
      'price',
      contextOf(price, { operator: 'mutation', parents: [parentOf(10, program)] }),
      7,
    );
    assert.equal(child.program['theirs/model.py'], theirs['model.py'], 'children keep it');
    assert.match(child.summary ?? '', / \(from #10\)$/);
  });
});
