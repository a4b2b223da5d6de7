/**
 * What becomes of a program's runs: the evaluator and the real scorer, with a worker's results as they come over the wire.
 * Real programs in real sandboxes are in attacks.test.ts.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ExecutionRequest, ExecutionResult } from '../../protocol/worker.ts';
import { Evaluator, InfrastructureError } from '../../server/evaluation/evaluator.ts';
import { Scorer } from '../../server/evaluation/scorer.ts';
import type { PreparedTask, TaskView } from '../../server/tasks/preparedTask.ts';
import { answersOf, csv, makeToyTask, python } from './toyTask.ts';

type Evaluated = Extract<ExecutionResult, { kind: 'evaluated' }>;

const answers = answersOf(90, (row) => ({ y: row % 10 }));
const splits = ['search', 'validation', 'test'] as const;

/** A file whose error is 1 on search, 2 on validation and 3 on test. */
const predictions = (rows = answers) =>
  csv(rows.map(({ id, split, y }) => ({ id, y: Number(y) + 1 + splits.indexOf(split) })));

function wrote(text: string | Buffer, more: Partial<Evaluated> = {}): Evaluated {
  return {
    kind: 'evaluated',
    exitCode: 0,
    timedOut: false,
    outOfMemory: false,
    durationMs: 1234,
    peakMemoryMb: 56,
    log: 'training\ndone\n',
    outputGzipBase64: gzipSync(text).toString('base64'),
    outputProblem: null,
    ...more,
  };
}

for (const perSplit of [false, true]) {
  describe(`evaluation in ${perSplit ? 'one run for each split' : 'one pooled run'}`, { timeout: 120_000 }, () => {
    let toy: Awaited<ReturnType<typeof makeToyTask>>;
    let scorer: Scorer;
    let evaluator: Evaluator;
    let predictionsDirectory: string;
    let requests: [string, ExecutionRequest][];
    const names: TaskView['split'][] = perSplit ? [...splits] : ['pooled'];
    const rowsOf = (view: string) => (perSplit ? answers.filter(({ split }) => split === view) : answers);

    before(async () => {
      toy = await makeToyTask({
        answers,
        perSplit,
        prediction: { max_bytes: 5000 },
        metric: { name: 'MAE', direction: 'minimize', bounds: [0, null], impl: { builtin: 'mae' } },
      });
      scorer = await Scorer.start({ task: toy, python });
      const publicDirectory = path.join(toy.directory, 'public');
      const evaluatorDirectory = path.join(toy.directory, 'evaluator');
      const task: PreparedTask = {
        ...toy,
        publicDirectory,
        evaluatorDirectory,
        splitHash: '0'.repeat(64),
        scoringHash: '0'.repeat(64),
        counts: { train: 0, search: 30, validation: 30, test: 30 },
        description: '',
        dataCard: '',
        views: names.map((split) => {
          const folder =
            split === 'pooled' || split === 'search' ? publicDirectory : path.join(evaluatorDirectory, split);
          return { split, trainDirectory: path.join(folder, 'train'), evalDirectory: path.join(folder, 'eval') };
        }),
      };
      evaluator = new Evaluator({ task, scorer });
    });
    after(async () => {
      await scorer?.close();
      await toy?.[Symbol.asyncDispose]();
    });
    beforeEach(async (context) => {
      requests = [];
      const folder = await mkdtemp(path.join(tmpdir(), 'predictions-'));
      predictionsDirectory = path.join(folder, 'predictions');
      if ('after' in context) context.after(() => rm(folder, { recursive: true, force: true }));
    });

    /** Evaluates with what a worker answers to each view. */
    function evaluate(answer: (view: string) => ExecutionResult) {
      return evaluator.evaluate({
        program: [{ path: 'solution.py', contentBase64: '' }],
        seed: 2 ** 40 + 7,
        cpus: 3,
        execIdPrefix: 'c1-evaluation',
        predictionsDirectory,
        run: async (execId, request) => {
          requests.push([execId, request]);
          return answer(execId.replace('c1-evaluation-', ''));
        },
      });
    }
    const unseal = () => evaluator.unseal({ predictionsDirectory });
    const good = (view: string) => wrote(predictions(rowsOf(view)));

    test('shows the program data folders only, and the run contract as environment', async () => {
      await evaluate(good);
      assert.deepEqual(
        requests.map(([execId]) => execId),
        names.map((name) => `c1-evaluation-${name}`),
      );
      for (const [, request] of requests) {
        assert.equal(request.kind, 'evaluate');
        if (request.kind !== 'evaluate') return;
        const { environment, mounts, files, limits } = request.spec;
        assert.deepEqual(files, [{ path: 'solution.py', contentBase64: '' }]);
        assert.ok(mounts.every(({ source }) => !source.includes('private')));
        assert.deepEqual(
          mounts.map(({ target }) => target),
          perSplit ? ['/data/train', '/data/eval'] : ['/data'],
        );
        const { AIRA_SEED, AIRA_OUT_DIR, AIRA_CPUS, OMP_NUM_THREADS, PYTHONHASHSEED } = environment;
        assert.deepEqual([AIRA_SEED, AIRA_OUT_DIR, AIRA_CPUS], [String(2 ** 40 + 7), '/out', '3']);
        assert.deepEqual([OMP_NUM_THREADS, PYTHONHASHSEED, limits.cpus], ['3', String((2 ** 40 + 7) % 2 ** 32), 3]);
        assert.deepEqual([request.output, request.maxOutputBytes], ['predictions.csv', 5000]);
      }
    });

    test('scores search, keeps the files to itself, and scores the rest when unsealed', async () => {
      const outcome = await evaluate(good);
      assert.deepEqual(outcome, {
        kind: 'scored',
        search: { value: 1, standardError: 0, rows: 30 },
        suspiciouslyPerfect: false,
        runs: [{ split: names[0], exitCode: 0, durationMs: 1234, peakMemoryMb: 56 }],
        log: 'training\ndone\n',
      });
      assert.equal((await stat(predictionsDirectory)).mode & 0o777, 0o700);
      for (const name of await readdir(predictionsDirectory)) {
        assert.equal((await stat(path.join(predictionsDirectory, name))).mode & 0o777, 0o600);
        assert.doesNotMatch(await readFile(path.join(predictionsDirectory, name), 'latin1'), /standardError|"score"/);
      }
      const { validation, test: sealedTest, sealedRuns } = await unseal();
      assert.deepEqual([validation?.value, sealedTest?.value], [2, 3]);
      assert.equal(sealedRuns.length, perSplit ? 2 : 0);
    });

    const failures: [string, Partial<Evaluated>, string, RegExp][] = [
      [
        'exits with an error after writing',
        { exitCode: 3, log: 'Traceback\nValueError: x\n' },
        'program_error',
        /code 3: ValueError: x/,
      ],
      ['is killed by a signal', { exitCode: null, log: '' }, 'program_error', /was killed by a signal$/],
      ['runs out of time after writing', { timedOut: true }, 'timeout', /limit of 32400 s.*does not count/],
      ['runs out of memory', { exitCode: 137, outOfMemory: true }, 'out_of_memory', /120000 MiB/],
      ['writes nothing', { outputGzipBase64: null }, 'no_predictions', /no predictions\.csv/],
      [
        'leaves a link',
        { outputGzipBase64: null, outputProblem: 'predictions.csv is a symbolic link' },
        'no_predictions',
        /link/,
      ],
    ];
    for (const [name, more, kind, message] of failures) {
      test(`a program that ${name} has failed, and its file does not count`, async () => {
        const outcome = await evaluate((view) => wrote(predictions(rowsOf(view)), more));
        assert.equal(outcome.kind, 'failed');
        if (outcome.kind !== 'failed') return;
        assert.equal(outcome.failure.kind, kind);
        assert.match(outcome.failure.message, message);
        assert.equal(requests.length, 1);
        assert.deepEqual(await readdir(predictionsDirectory), []);
        assert.deepEqual(await unseal(), { validation: null, test: null, problems: [], sealedRuns: [] });
      });
    }

    test('a program of which only a child ran out of memory is judged by its own end', async () => {
      assert.equal((await evaluate((view) => wrote(predictions(rowsOf(view)), { outOfMemory: true }))).kind, 'scored');
    });

    test('a file that breaks the contract, or unpacks to more than it may be, is invalid', async () => {
      const files: [Buffer | string, RegExp][] = [
        ['id,y\nr000,1\n', /missing/],
        [Buffer.alloc(50_000_000), /larger than the allowed 5000 bytes/],
      ];
      for (const [content, message] of files) {
        const outcome = await evaluate(() => wrote(content));
        assert.equal(outcome.kind === 'failed' && outcome.failure.kind, 'invalid_predictions');
        assert.match(outcome.kind === 'failed' ? outcome.failure.message : '', message);
      }
    });

    test('a fault of the machine, or output damaged on its way, is thrown, for the program did nothing wrong', async () => {
      const faults: ExecutionResult[] = [
        { kind: 'infrastructure_error', message: 'the disk is full' },
        { kind: 'exported', files: [] },
        wrote('', { outputGzipBase64: gzipSync('id,y\n').subarray(0, 12).toString('base64') }),
      ];
      for (const fault of faults) {
        await assert.rejects(
          evaluate(() => fault),
          InfrastructureError,
        );
      }
    });

    test('predictions of an earlier evaluation never count', async () => {
      await evaluate(good);
      await writeFile(path.join(predictionsDirectory, 'planted.csv.gz'), 'x');
      await evaluate(() => wrote('', { exitCode: 1 }));
      assert.deepEqual(await readdir(predictionsDirectory), []);
    });

    test('the log that is kept is bounded, and its end is what is kept', async () => {
      const outcome = await evaluate((view) =>
        wrote(predictions(rowsOf(view)), { log: `${'x'.repeat(1_000_000)}end` }),
      );
      assert.equal(outcome.log.length, 64 * 1024);
      assert.ok(outcome.log.endsWith('end'));
    });

    if (!perSplit) return;

    test('failures of the later runs change nothing and show nowhere until unsealed', async () => {
      const secret = { log: 'history: 271828', exitCode: 9 };
      const outcome = await evaluate((view) => wrote(predictions(rowsOf(view)), view === 'validation' ? secret : {}));
      assert.equal(outcome.kind, 'scored');
      assert.deepEqual(
        outcome.runs.map(({ split }) => split),
        ['search'],
      );
      assert.doesNotMatch(JSON.stringify(outcome), /271828/);
      const { validation, test: sealedTest, sealedRuns } = await unseal();
      assert.deepEqual([validation, sealedTest?.value], [null, 3]);
      assert.deepEqual(
        sealedRuns.map(({ run, failure }) => [run.split, failure?.kind ?? null]),
        [
          ['validation', 'program_error'],
          ['test', null],
        ],
      );
    });

    test('invalid predictions for a later split leave its score empty', async () => {
      const outcome = await evaluate((view) => wrote(view === 'test' ? 'id,y\n' : predictions(rowsOf(view))));
      assert.equal(outcome.kind, 'scored');
      const { validation, test: sealedTest } = await unseal();
      assert.deepEqual([validation?.value, sealedTest], [2, null]);
    });

    test('a machine that fails in a later run has the evaluation tried again', async () => {
      const broken: ExecutionResult = { kind: 'infrastructure_error', message: 'lost' };
      await assert.rejects(
        evaluate((view) => (view === 'test' ? broken : good(view))),
        InfrastructureError,
      );
    });
  });
}
