/** A metric that is the task's own script: prepared, checked and scored with, wherever the task's folder is by then. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Evaluator } from '../../server/evaluation/evaluator.ts';
import { Scorer } from '../../server/evaluation/scorer.ts';
import { ManifestError, PrepareError } from '../../server/tasks/errors.ts';
import { aira2 } from '../support/command.ts';
import { type LocalTask, localTask, python, readRows, regression, rows, toCsv } from './localTask.ts';

const plain = rows(300, (index) => ({ x: String(index), y: String((index * 37) % 101) }));
const graded = (cmd: string[]) => ({
  ...regression,
  limits: { grade_s: 60 },
  metric: { name: 'cost', direction: 'minimize', bounds: [0, null], optimum: 0, impl: { cmd } },
});

const grade = `import json, sys
from parts.cost import cost
from beside import weight_in
question = json.load(sys.stdin)
weight = weight_in(sys.argv[1])
costs = [weight * cost(float(a), p) for a, p in zip(question["answers"]["y"], question["predictions"]["y"])]
mean = lambda chosen: sum(costs[row] for row in chosen) / len(chosen)
print(json.dumps({"score": mean(range(len(costs))), "resampled": [mean(r) for r in question["resamples"]]}))
`;

/** A grader of four files: a script, a module beside it, a package that it is given by name, and a table of weights. */
function graderTask(context: TestContext): LocalTask {
  const task = localTask(context, graded(['python', 'grade.py', 'weights/w.json', 'parts']), plain);
  const write = (file: string, text: string) => writeFileSync(path.join(task.folder, file), text);
  for (const folder of ['parts', 'weights']) mkdirSync(path.join(task.folder, folder));
  write('grade.py', grade);
  write('beside.py', 'import json\ndef weight_in(file): return json.load(open(file))["weight"]\n');
  write('parts/cost.py', 'def cost(a, p): return abs(a - p)\n');
  write('weights/w.json', '{"weight": 3}');
  write('weights/unused.bin', 'not named');
  return task;
}

/** The score on search of predictions that are off by one in every row. */
async function scoreOfOffByOne(task: Awaited<ReturnType<LocalTask['prepare']>>, predictionsDirectory: string) {
  const scorer = await Scorer.start({ task, python });
  try {
    const file = readRows(task.privateDirectory, 'answers.csv').map(({ id = '', y }) => ({
      id,
      y: String(Number(y) + 1),
    }));
    const outcome = await new Evaluator({ task, scorer }).evaluate({
      program: [],
      seed: 1,
      cpus: 1,
      execIdPrefix: 'c1',
      predictionsDirectory,
      run: async () => ({
        kind: 'evaluated',
        exitCode: 0,
        timedOut: false,
        outOfMemory: false,
        durationMs: 1,
        peakMemoryMb: 1,
        log: '',
        outputGzipBase64: gzipSync(toCsv(file)).toString('base64'),
        outputProblem: null,
      }),
    });
    return outcome.kind === 'scored' ? outcome.search : outcome.failure;
  } finally {
    await scorer.close();
  }
}

describe('a grader of the task’s own', { timeout: 240_000 }, () => {
  it('goes through task prepare, task check and an evaluation, without the folder it came from', async (context) => {
    const task = graderTask(context);
    const environment = { AIRA2_VENV: path.dirname(path.dirname(python)) };
    const prepared = await aira2(['task', 'prepare', task.folder], { home: task.home, environment });
    assert.equal(prepared.exitCode, 0, prepared.stderr);
    const loaded = await task.prepare();
    rmSync(task.folder, { recursive: true });
    const checked = await aira2(['task', 'check', 'mine'], { home: task.home, environment, timeoutMs: 120_000 });
    assert.equal(checked.exitCode, 0, checked.stdout + checked.stderr);
    assert.match(checked.stdout, /✓ perfect predictions score the optimum/);
    const score = await scoreOfOffByOne(loaded, path.join(task.home, 'predictions'));
    assert.deepEqual({ ...score, standardError: 0 }, { value: 3, standardError: 0, rows: 27 });
  });

  it('lies in the private part, for its owner alone, and only as far as it is named', async (context) => {
    const { privateDirectory, directory } = await graderTask(context).prepare();
    const grader = path.join(privateDirectory, 'grader');
    const files = readdirSync(grader, { recursive: true, encoding: 'utf8' }).sort();
    assert.deepEqual(files, ['beside.py', 'grade.py', 'parts', 'parts/cost.py', 'weights', 'weights/w.json']);
    for (const file of files) assert.equal(statSync(path.join(grader, file)).mode & 0o077, 0, file);
    const elsewhere = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      elsewhere.filter((file) => file.endsWith('grade.py')),
      ['private/grader/grade.py'],
    );
  });

  it('may be a program that is its own first word, or a module', async (context) => {
    const script = `#!/bin/sh\ncat > /dev/null\necho '{"score": 0.5, "standard_error": 0.1}'\n`;
    for (const first of ['grade.sh', './grade.sh']) {
      const task = localTask(context, regression, plain);
      writeFileSync(path.join(task.folder, 'grade.sh'), script);
      chmodSync(path.join(task.folder, 'grade.sh'), 0o755);
      task.writeManifest(graded([first]));
      const score = await scoreOfOffByOne(await task.prepare(), path.join(task.home, 'predictions'));
      assert.equal('value' in score && score.value, 0.5, first);
    }
    const task = localTask(context, graded(['python', '-m', 'package.grade']), plain);
    mkdirSync(path.join(task.folder, 'package'));
    writeFileSync(path.join(task.folder, 'package', 'grade.py'), 'print(\'{"score": 0.25, "standard_error": 0}\')\n');
    const score = await scoreOfOffByOne(await task.prepare(), path.join(task.home, 'predictions'));
    assert.equal('value' in score && score.value, 0.25);
  });

  it('that is changed is prepared anew: the same splits, another scoring', async (context) => {
    const task = graderTask(context);
    const before = await task.prepare();
    assert.equal((await task.prepare()).scoringHash, before.scoringHash);
    writeFileSync(path.join(task.folder, 'weights', 'w.json'), '{"weight": 5}');
    const after = await task.prepare();
    assert.equal(after.splitHash, before.splitHash);
    assert.notEqual(after.scoringHash, before.scoringHash);
    assert.match(readFileSync(path.join(after.privateDirectory, 'grader', 'weights', 'w.json'), 'utf8'), /5/);
    writeFileSync(path.join(task.folder, 'weights', 'unused.bin'), 'other');
    assert.equal((await task.prepare()).scoringHash, after.scoringHash);
  });

  it('that is not there is a mistake in the manifest', async (context) => {
    const task = localTask(context, graded(['python', 'grade.py']), plain);
    await assert.rejects(task.prepare(), (error: unknown) => {
      assert.ok(error instanceof ManifestError);
      assert.match(error.message, /metric\.impl\.cmd\[1\]: the file grade\.py does not exist/);
      return true;
    });
  });

  it('that names more than a grader needs is refused', async (context) => {
    const task = localTask(context, graded(['cat', 'all']), plain);
    mkdirSync(path.join(task.folder, 'all'));
    for (let file = 0; file <= 2001; file++) symlinkSync('../table.csv', path.join(task.folder, 'all', `${file}`));
    await assert.rejects(task.prepare(), (error: unknown) => {
      assert.ok(error instanceof PrepareError);
      assert.match(error.message, /more than 2000 files.*name only what the grader reads/);
      return true;
    });
  });
});
