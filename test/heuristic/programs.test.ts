import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { memberLevels, programLevels } from '../../server/models/heuristic/applicability.ts';
import { fragment } from '../../server/models/heuristic/fragments.ts';
import {
  familiesFor,
  familyOf,
  type Genome,
  type GenomeModality,
  genomeOf,
  grammarOf,
  type Member,
  memberOf,
} from '../../server/models/heuristic/genome.ts';
import { problemOf } from '../../server/models/heuristic/problem.ts';
import { Profile } from '../../server/models/heuristic/profile.ts';
import { renderProgram } from '../../server/models/heuristic/render/program.ts';
import { taskOf } from '../../server/models/heuristic/samples.test-data.ts';
import { resultLines } from '../../server/models/heuristic/transcript.ts';
import type { TaskContext } from '../../server/models/operatorContext.ts';
import { pythonBin } from './driver.ts';

const here = import.meta.dirname;
const python = path.join(pythonBin, 'python');
const run = promisify(execFile);
let folder = '';

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aira2-heuristic-'));
  await run(python, [path.join(here, 'make_data.py'), path.join(folder, 'data')], { timeout: 60_000 });
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Case {
  readonly name: string;
  readonly genome: Genome;
}

async function profileOf(data: string, task: TaskContext): Promise<Profile> {
  const code = `${fragment('profile')}\nmain(${JSON.stringify(task.target)}, "id", 1000, 1000)\n`;
  const at = path.join(folder, 'data', data);
  const env = { ...process.env, AIRA_TRAIN_DIR: path.join(at, 'train'), AIRA_EVAL_DIR: path.join(at, 'eval') };
  const { stdout } = await run(python, ['-c', code], { env, cwd: at, timeout: 60_000 });
  return Profile.parse(resultLines(stdout)[0]);
}

/** Runs every genome on a data set; resolves to the problems, by name of the case. */
async function problemsOf(
  data: string,
  task: TaskContext,
  modality: GenomeModality,
  cases: (profile: Profile) => Case[],
  given: Profile | null = null,
): Promise<string[]> {
  const profile = given ?? (await profileOf(data, task));
  const problem = problemOf(task, modality);
  const child = spawn(
    python,
    [path.join(here, 'run_programs.py'), path.join(here, '../../server/models/heuristic/fragments/check.py')],
    {
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  const deadline = setTimeout(() => child.kill('SIGKILL'), 600_000);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const all = cases(profile);
  for (const [index, { genome }] of all.entries()) {
    const at = path.join(folder, 'programs', data, task.metric.name, String(index));
    await mkdir(at, { recursive: true });
    await writeFile(path.join(at, 'solution.py'), renderProgram(genome, problem, profile));
    const line = {
      program: path.join(at, 'solution.py'),
      data: path.join(folder, 'data', data),
      contract: task.prediction,
    };
    child.stdin.write(`${JSON.stringify(line)}\n`);
  }
  child.stdin.end();
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(deadline);
  const answers = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { problem: string | null; output: string });
  assert.equal(answers.length, all.length, 'every program was run');
  return answers.flatMap(({ problem: wrong, output: said }, index) => {
    const name = all[index]?.name ?? '';
    if (wrong !== null) return [`${data}, ${name}: ${wrong}`];
    return /local holdout \w+=-?\d/.test(said) ? [] : [`${data}, ${name}: no local figure in ${said}`];
  });
}

/** As cheap as the grammar allows, so that many can be run. */
function cheap(modality: GenomeModality, family: string): Member {
  const least = familyOf(modality, family).genes.filter((gene) =>
    ['trees', 'iterations', 'epochs'].includes(gene.name),
  );
  return memberOf(modality, family, Object.fromEntries(least.map((gene) => [gene.name, gene.levels[0]])));
}

/** Every family alone. */
function eachFamily(modality: GenomeModality, task: TaskContext): Case[] {
  return familiesFor(modality, problemOf(task, modality).kind).map(({ name }) => ({
    name,
    genome: genomeOf(modality, [cheap(modality, name)]),
  }));
}

/** Every choice of every gene of every family, one at a time, and the ends of every ladder in turn. */
function eachGene(modality: GenomeModality, task: TaskContext, profile: Profile): Case[] {
  return familiesFor(modality, problemOf(task, modality).kind).flatMap((family) => {
    const base = genomeOf(modality, [cheap(modality, family.name)]);
    return family.genes.flatMap((gene) => {
      const allowed = memberLevels(gene, base.members[0], base, profile);
      const levels = gene.kind === 'choice' ? allowed.filter((level) => level !== gene.start) : allowed.slice(0, 1);
      return levels.map((level) => {
        const member = { ...base.members[0], genes: { ...base.members[0].genes, [gene.name]: level } };
        return {
          name: `${family.name} ${gene.name}=${level}`,
          genome: { ...base, members: [member] } satisfies Genome,
        };
      });
    });
  });
}

/** Two members under every level of every gene of the program. */
function eachBlend(modality: GenomeModality, task: TaskContext, profile: Profile, families: [string, string]): Case[] {
  const problem = problemOf(task, modality);
  const base = genomeOf(modality, [cheap(modality, families[0]), cheap(modality, families[1])]);
  return grammarOf(modality).program.flatMap((gene) =>
    programLevels(gene, base, problem, profile).map((level) => ({
      name: `${families.join('+')} ${gene.name}=${level}`,
      genome: { ...base, program: { ...base.program, [gene.name]: level } },
    })),
  );
}

const float = (name: string, more: object = {}) => ({ name, dtype: 'float' as const, ...more });

describe('rendered programs', { timeout: 900_000 }, () => {
  it('run and predict for every gene of tables, with gaps, infinities, constants and unseen categories', async () => {
    const task = taskOf('tabular', 'RMSLE', 'minimize', ['price'], [float('price', { min: 0 })]);
    const problems = await problemsOf('price', task, 'tabular', (profile) => [
      ...eachFamily('tabular', task),
      ...eachGene('tabular', task, profile),
      ...eachBlend('tabular', task, profile, ['hist-gb', 'linear']),
    ]);
    assert.deepEqual(problems, []);
  });

  it('answer with a chance, with chances that sum to one, with labels, and with several numbers', async () => {
    const chance = taskOf('tabular', 'log_loss', 'minimize', ['sold'], [float('sold', { min: 0, max: 1 })]);
    const area = taskOf('tabular', 'roc_auc', 'maximize', ['sold'], [float('sold')]);
    const levels = ['blue', 'green', 'red'];
    const chances = taskOf(
      'tabular',
      'log_loss',
      'minimize',
      ['colour'],
      levels.map((level) => float(`p_${level}`, { min: 0, max: 1 })),
      { row_sum: 1 },
    );
    const label = taskOf('tabular', 'macro-F1', 'maximize', ['colour'], [{ name: 'colour', dtype: 'string', levels }]);
    const whole = taskOf('tabular', 'accuracy', 'maximize', ['sold'], [{ name: 'sold', dtype: 'int', levels: [0, 1] }]);
    const both = taskOf(
      'tabular',
      'rmse',
      'minimize',
      ['price', 'area'],
      [float('price'), { name: 'area', dtype: 'int', min: 0 }],
    );
    const found = [
      ...(await problemsOf('sold', chance, 'tabular', (profile) => [
        ...eachFamily('tabular', chance),
        ...eachBlend('tabular', chance, profile, ['linear', 'extra-trees']),
      ])),
      ...(await problemsOf('sold', area, 'tabular', () => eachFamily('tabular', area).slice(0, 3))),
      ...(await problemsOf('colour', chances, 'tabular', () => eachFamily('tabular', chances))),
      ...(await problemsOf('colour', label, 'tabular', (profile) =>
        eachBlend('tabular', label, profile, ['svm', 'linear']),
      )),
      ...(await problemsOf('sold', whole, 'tabular', () => eachFamily('tabular', whole).slice(0, 2))),
      ...(await problemsOf('both', both, 'tabular', () => eachFamily('tabular', both).slice(0, 3))),
    ];
    assert.deepEqual(found, []);
  });

  it('stand tables of fifteen rows, of categories alone, and a metric that they do not know', async () => {
    const tiny = taskOf('tabular', 'RMSE', 'minimize', ['price'], [float('price')]);
    const words = taskOf(
      'other',
      'quadratic kappa',
      'maximize',
      ['colour'],
      [{ name: 'colour', dtype: 'string', levels: ['blue', 'green', 'red'] }],
    );
    const sturdy = ['linear', 'hist-gb', 'extra-trees', 'random-forest', 'mlp', 'constant'];
    const found = [
      ...(await problemsOf('tiny', tiny, 'tabular', () =>
        eachFamily('tabular', tiny).filter(({ name }) => sturdy.includes(name)),
      )),
      ...(await problemsOf('words', words, 'tabular', () => eachFamily('tabular', words))),
    ];
    assert.deepEqual(found, []);
  });

  it('answer with a constant where nothing is known of the columns', async () => {
    const nothing = Profile.parse({
      trainRows: 0,
      evalRows: 0,
      columns: [],
      targets: [],
      arrays: [],
      time: null,
      series: [],
    });
    const task = taskOf('tabular', 'RMSLE', 'minimize', ['price'], [float('price', { min: 0 })]);
    const label = taskOf('image', 'accuracy', 'maximize', ['colour'], [{ name: 'colour', dtype: 'string' }]);
    const constant = [{ name: 'constant', genome: genomeOf('tabular', [memberOf('tabular', 'constant')]) }];
    const found = [
      ...(await problemsOf('price', task, 'tabular', () => constant, nothing)),
      ...(await problemsOf('colour', label, 'tabular', () => constant, nothing)),
    ];
    assert.deepEqual(found, []);
  });

  it('run and predict for every gene of images', async () => {
    const task = taskOf(
      'image',
      'accuracy',
      'maximize',
      ['digit'],
      [{ name: 'digit', dtype: 'int', levels: [1, 2, 3] }],
    );
    const problems = await problemsOf('digits', task, 'image', (profile) => [
      ...eachFamily('image', task),
      ...eachGene('image', task, profile),
      ...eachBlend('image', task, profile, ['svm', 'knn']),
    ]);
    assert.deepEqual(problems, []);
  });

  it('run and predict for every gene of texts, labels and numbers alike', async () => {
    const task = taskOf(
      'text',
      'macro-F1',
      'maximize',
      ['class'],
      [{ name: 'class', dtype: 'string', levels: ['a', 'b', 'c'] }],
    );
    const size = taskOf('text', 'MAE', 'minimize', ['size'], [float('size')]);
    const found = [
      ...(await problemsOf('texts', task, 'text', (profile) => [
        ...eachFamily('text', task),
        ...eachGene('text', task, profile),
        ...eachBlend('text', task, profile, ['linear-svm', 'complement-nb']),
      ])),
      ...(await problemsOf('lengths', size, 'text', () => eachFamily('text', size))),
    ];
    assert.deepEqual(found, []);
  });

  it('run and predict for every gene of time series, monthly panels and single daily series alike', async () => {
    const task = taskOf('time-series', 'MASE', 'minimize', ['sales'], [float('sales', { min: 0 })]);
    const daily = taskOf('time-series', 'RMSE', 'minimize', ['change'], [float('change')]);
    const found = [
      ...(await problemsOf('sales', task, 'time-series', (profile) => [
        ...eachFamily('time-series', task),
        ...eachGene('time-series', task, profile),
        ...eachBlend('time-series', task, profile, ['smoothing', 'ridge']),
      ])),
      ...(await problemsOf('daily', daily, 'time-series', () => eachFamily('time-series', daily))),
    ];
    assert.deepEqual(found, []);
  });
});
