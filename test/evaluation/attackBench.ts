/**
 * Sends programs down the real path: the worker's evaluation in its sandboxes, the evaluator, the scoring process, on a
 * prepared task with unmistakable labels. Tests of attacks assert on what comes back and on what is left.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EvaluationOutcome, Evaluator, type UnsealedScores } from '../../server/evaluation/evaluator.ts';
import { Scorer } from '../../server/evaluation/scorer.ts';
import type { PreparedTask } from '../../server/tasks/preparedTask.ts';
import { runEvaluation } from '../../server/worker/evaluation.ts';
import { type BwrapDriver, createBwrapDriver } from '../../server/worker/sandbox/bwrap.ts';
import { type PreparedToy, prepareToy, type ToyShape } from './preparedToy.ts';
import { python } from './toyTask.ts';

/** The score of `honest()`: the mean distance of the search labels from 7310.5. */
export const honestScore = (score: number) => score > 0.15 && score < 0.35;

/**
 * Every program begins with this: `inputs`, `OUT`, `honest()`, which writes a valid file, and `report(**what)`, which prints
 * what the test wants to know.
 */
const prologue = `
import csv, glob, json, os, re, socket, stat, subprocess, sys, time
inputs = list(csv.DictReader(open(os.environ['AIRA_EVAL_DIR'] + '/inputs.csv')))
OUT_DIR = os.environ['AIRA_OUT_DIR']
OUT = OUT_DIR + '/predictions.csv'
def honest(path=OUT, value='7310.5'):
    with open(path, 'w') as f:
        f.write('id,y\\n' + ''.join(row['id'] + ',' + value + '\\n' for row in inputs))
def report(**what):
    print('REPORT ' + json.dumps(what), flush=True)
def attempt(action):
    try:
        return repr(action())
    except BaseException as error:
        return type(error).__name__
`;

export type Attacked = EvaluationOutcome & {
  /** What the program reported. */
  report: Record<string, unknown>;
  /** Names in the candidate's predictions folder afterwards. */
  kept: string[];
  tookMs: number;
  unsealed: UnsealedScores;
};

export class AttackBench implements AsyncDisposable {
  readonly toy: PreparedToy;
  readonly scorer: Scorer;
  readonly #driver: BwrapDriver;
  #count = 0;

  private constructor(toy: PreparedToy, scorer: Scorer, driver: BwrapDriver) {
    this.toy = toy;
    this.scorer = scorer;
    this.#driver = driver;
  }

  /** Limits that cannot be enforced on this machine, in words. */
  get notEnforced(): readonly string[] {
    return this.#driver.notEnforced;
  }

  static async start(shape: ToyShape = {}): Promise<AttackBench> {
    const driver = await createBwrapDriver();
    const toy = await prepareToy(shape);
    return new AttackBench(toy, await Scorer.start({ task: toy.task, python }), driver);
  }

  /** Evaluates a program that begins with the prologue. `limits` change the manifest's. */
  async send(program: string, limits: Partial<PreparedTask['manifest']['limits']> = {}): Promise<Attacked> {
    const { task } = this.toy;
    const { manifest } = task;
    const limited = { ...task, manifest: { ...manifest, limits: { ...manifest.limits, ...limits } } };
    const folder = await mkdtemp(path.join(tmpdir(), 'attack-'));
    const predictionsDirectory = path.join(folder, 'predictions');
    const begun = performance.now();
    try {
      const evaluator = new Evaluator({ task: limited, scorer: this.scorer });
      const outcome = await evaluator.evaluate({
        program: [{ path: 'solution.py', contentBase64: Buffer.from(prologue + program).toString('base64') }],
        seed: 1,
        cpus: 1,
        execIdPrefix: `attack${++this.#count}`,
        predictionsDirectory,
        run: async (execId, request) => {
          assert.equal(request.kind, 'evaluate');
          if (request.kind !== 'evaluate') throw new Error('unreachable');
          const venv = path.resolve(python, '../..');
          return runEvaluation(this.#driver, request, { id: execId, slot: 0, cpuList: [], gpuUuid: null, venv });
        },
      });
      const tookMs = performance.now() - begun;
      this.#assertNoHiddenLabel(outcome);
      const kept = (await readdir(predictionsDirectory)).sort();
      const unsealed = await evaluator.unseal({ predictionsDirectory });
      return { ...outcome, report: reportOf(outcome.log), kept, tookMs, unsealed };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #assertNoHiddenLabel(outcome: EvaluationOutcome): void {
    const said = JSON.stringify(outcome);
    for (const label of this.toy.hiddenLabels) assert.ok(!said.includes(label), 'a hidden label came out');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scorer.close();
    await this.toy[Symbol.asyncDispose]();
  }
}

function reportOf(log: string): Record<string, unknown> {
  const line = log.split('\n').findLast((text) => text.startsWith('REPORT '));
  return line ? JSON.parse(line.slice('REPORT '.length)) : {};
}

/** Host processes whose command line holds a text. */
export async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const commandLine = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(text)) found.push(`${name} ${commandLine.replaceAll('\0', ' ').slice(0, 100)}`);
  }
  return found;
}

export function failureOf(outcome: Attacked): string {
  assert.equal(outcome.kind, 'failed', `it was scored: ${outcome.kind === 'scored' ? outcome.search.value : ''}`);
  return outcome.kind === 'failed' ? outcome.failure.kind : '';
}

export function scoreOf(outcome: Attacked): number {
  assert.equal(outcome.kind, 'scored', outcome.kind === 'failed' ? `${outcome.failure.message}\n${outcome.log}` : '');
  return outcome.kind === 'scored' ? outcome.search.value : Number.NaN;
}
