/** What the schema of a manifest cannot say: rules between its parts. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { isBetter } from '../../protocol/score.ts';
import type { TaskManifest } from '../../protocol/task.ts';
import { nearest } from './nearest.ts';

export interface RuleViolation {
  path: PropertyKey[];
  message: string;
  fix: string;
}

/** Built-in metrics: what kind of prediction each takes, which way it improves, and its best value. */
export const builtinMetrics: Record<
  string,
  { predicts: 'number' | 'label' | 'probability' | 'ranking'; direction: 'minimize' | 'maximize'; optimum: number }
> = {
  mae: { predicts: 'number', direction: 'minimize', optimum: 0 },
  mase: { predicts: 'number', direction: 'minimize', optimum: 0 },
  rmse: { predicts: 'number', direction: 'minimize', optimum: 0 },
  rmsle: { predicts: 'number', direction: 'minimize', optimum: 0 },
  r2: { predicts: 'number', direction: 'maximize', optimum: 1 },
  spearman: { predicts: 'number', direction: 'maximize', optimum: 1 },
  accuracy: { predicts: 'label', direction: 'maximize', optimum: 1 },
  macro_f1: { predicts: 'label', direction: 'maximize', optimum: 1 },
  f1: { predicts: 'label', direction: 'maximize', optimum: 1 },
  log_loss: { predicts: 'probability', direction: 'minimize', optimum: 0 },
  roc_auc: { predicts: 'ranking', direction: 'maximize', optimum: 1 },
};

/** Every rule the manifest breaks; an empty list if it is sound. */
export function checkRules(manifest: TaskManifest, directory: string): RuleViolation[] {
  return [
    ...dataRules(manifest, directory),
    ...splitRules(manifest),
    ...predictionRules(manifest),
    ...metricRules(manifest),
    ...graderRules(manifest, directory),
    ...medalRules(manifest),
    ...environmentRules(manifest),
  ];
}

function* dataRules({ data, description }: TaskManifest, directory: string): Generator<RuleViolation> {
  if (statSync(path.join(directory, description), { throwIfNoEntry: false })?.isFile() !== true) {
    yield {
      path: ['description'],
      message: `the file ${description} does not exist beside the manifest`,
      fix: 'write it (Markdown: rows, target, metric, files, traps) or correct the path',
    };
  } else {
    yield* textRules(description, directory);
  }
  for (const [index, { kind, spec }] of data.acquire.entries()) {
    const pattern = specPatterns[kind];
    if (!pattern.regex.test(spec)) {
      yield {
        path: ['data', 'acquire', index, 'spec'],
        message: `${JSON.stringify(spec)} is not a pinned ${kind} package`,
        fix: `write ${pattern.form}`,
      };
    }
  }
  for (const target of data.target) {
    if (data.drop.includes(target)) {
      yield { path: ['data', 'drop'], message: `drops the target ${target}`, fix: `take ${target} out of data.drop` };
    }
  }
  if (data.acquire.length > 0 && data.prepare === undefined) {
    yield {
      path: ['data', 'acquire'],
      message: 'packages are fetched, but nothing turns them into a table',
      fix: 'add data.prepare.cmd, e.g. [python, prepare.py]',
    };
  }
}

/** It is read to people and to models: a task that somebody hands over must not read out a file of the person's own. */
function* textRules(description: string, directory: string): Generator<RuleViolation> {
  const file = realpathSync(path.join(directory, description));
  if (path.relative(realpathSync(directory), file).startsWith('..')) {
    yield {
      path: ['description'],
      message: `${description} is a link that leads out of the task's folder`,
      fix: 'put the text itself beside the manifest',
    };
  } else if (statSync(file).size > maxDescriptionBytes) {
    yield {
      path: ['description'],
      message: `${description} is larger than ${maxDescriptionBytes / 1024} KiB`,
      fix: 'describe the task; data belongs into the table',
    };
  }
}

const maxDescriptionBytes = 256 * 1024;

const specPatterns = {
  npm: { regex: /^(@[a-z0-9._-]+\/)?[a-z0-9._-]+@\d[\w.+-]*$/, form: 'name@version, e.g. vega-datasets@3.2.1' },
  deb: { regex: /^[a-z0-9][a-z0-9+.-]*=\S+$/, form: 'name=version, e.g. wordnet-base=1:3.0-37' },
  pip: { regex: /^[A-Za-z0-9][\w.-]*==\d[\w.+!-]*$/, form: 'name==version, e.g. plotnine==0.15.9' },
  path: { regex: /^[^-].*$/, form: 'a path beside the manifest' },
};

function* splitRules({ split, view, data }: TaskManifest): Generator<RuleViolation> {
  const need = (key: string, present: boolean, why: string, fix: string): RuleViolation[] =>
    present ? [] : [{ path: ['split', key], message: `missing: ${why}`, fix }];
  const { train, search, validation } = split.fractions;
  const sum = train + search + validation;
  if (Math.abs(sum - 1) > 1e-6) {
    yield {
      path: ['split', 'fractions'],
      message: `train, search and validation sum to ${Number(sum.toFixed(6))}, not 1`,
      fix: 'make them sum to 1; the test split is taken out before, by split.test',
    };
  }
  for (const [name, value] of Object.entries(split.fractions)) {
    if (!(value > 0 && value < 1)) {
      yield {
        path: ['split', 'fractions', name],
        message: `${value} is not a share`,
        fix: 'a number above 0 and below 1',
      };
    }
  }
  const method = split.method;
  const by = `split.method is ${method}`;
  if (method === 'group')
    yield* need('group', split.group !== undefined, by, 'name the columns, e.g. group: [patient]');
  if (method === 'time' || method === 'rolling_origin') {
    yield* need('time', split.time !== undefined, by, 'name the column that orders rows, e.g. time: date');
  }
  if (method === 'rolling_origin') {
    yield* need('horizon', split.horizon !== undefined, by, 'how many periods to forecast, e.g. horizon: 12');
    yield* need('group', split.group !== undefined, by, 'name the columns that identify a series, e.g. group: [city]');
    if (view.mode !== 'per_split') {
      yield {
        path: ['view', 'mode'],
        message: `${view.mode} would show later history to earlier forecasts (${by})`,
        fix: 'mode: per_split',
      };
    }
    if (data.target.length > 1) {
      yield { path: ['data', 'target'], message: `several targets (${by})`, fix: 'name one target' };
    }
  } else if (view.mode === 'per_split' && method !== 'custom' && method !== 'predefined' && method !== 'time') {
    yield {
      path: ['view', 'mode'],
      message: `per_split tells a program which split it runs on, without need (${by})`,
      fix: 'mode: pooled',
    };
  }
  if (method === 'predefined') {
    yield* need(
      'column',
      split.column !== undefined,
      by,
      'name the column that holds train, search, validation or test',
    );
  }
  if (split.test === 'provided' && method !== 'predefined' && method !== 'custom') {
    yield* need(
      'column',
      split.column !== undefined,
      'split.test is provided',
      'name the column that is `test` in test rows',
    );
  }
  if (method === 'custom') {
    yield* need('cmd', split.cmd !== undefined, by, 'the command that writes row,split to $AIRA_SPLIT_FILE');
  } else if (split.cmd !== undefined) {
    yield { path: ['split', 'cmd'], message: `has no effect (${by})`, fix: 'remove it, or use method: custom' };
  }
  if (split.stratify !== undefined && method !== 'stratified') {
    yield {
      path: ['split', 'stratify'],
      message: `has no effect (${by})`,
      fix: 'remove it, or use method: stratified',
    };
  }
  if (split.horizon !== undefined && method !== 'rolling_origin') {
    yield {
      path: ['split', 'horizon'],
      message: `has no effect (${by})`,
      fix: 'remove it, or use method: rolling_origin',
    };
  }
  if (split.group !== undefined && (method === 'time' || method === 'random')) {
    yield { path: ['split', 'group'], message: `has no effect (${by})`, fix: 'remove it, or use method: group' };
  }
}

function* predictionRules({ prediction }: TaskManifest): Generator<RuleViolation> {
  const ids = prediction.columns.filter(({ role }) => role === 'id');
  const values = prediction.columns.filter(({ role }) => role === 'value');
  const columns: PropertyKey[] = ['prediction', 'columns'];
  if (prediction.align === 'id' && (ids.length !== 1 || ids[0]?.name !== 'id')) {
    yield {
      path: columns,
      message: 'predictions are aligned by id, which needs exactly one id column, called id',
      fix: 'add {name: id, role: id, dtype: string}, or use align: position',
    };
  }
  if (values.length === 0) {
    yield { path: columns, message: 'no column of role value', fix: 'add the columns a program is to predict' };
  }
  for (const [index, { name, min, max }] of prediction.columns.entries()) {
    if (prediction.columns.findIndex((other) => other.name === name) < index) {
      yield {
        path: [...columns, index, 'name'],
        message: `${name} stands twice`,
        fix: 'give every column its own name',
      };
    }
    if (min !== undefined && max !== undefined && min > max) {
      yield { path: [...columns, index, 'min'], message: `min ${min} is above max ${max}`, fix: 'swap them' };
    }
  }
}

function* graderRules({ metric }: TaskManifest, directory: string): Generator<RuleViolation> {
  if (!('cmd' in metric.impl)) return;
  for (const [index, word] of metric.impl.cmd.entries()) {
    if (/^[\w./-]+\.(py|sh|R|jl|pl)$/.test(word) && !existsSync(path.resolve(directory, word))) {
      yield {
        path: ['metric', 'impl', 'cmd', index],
        message: `the file ${word} does not exist beside the manifest`,
        fix: 'write it, or correct the path',
      };
    }
  }
}

function* medalRules({ metric, reference }: TaskManifest): Generator<RuleViolation> {
  const [low, high] = metric.bounds;
  for (const [index, { name, score }] of reference.medals.entries()) {
    const path: PropertyKey[] = ['reference', 'medals', index];
    if (reference.medals.findIndex((other) => other.name === name) < index)
      yield { path: [...path, 'name'], message: `${name} stands twice`, fix: 'give every medal its own name' };
    const better = reference.medals[index - 1];
    if (better !== undefined && isBetter(score, better.score, metric.direction))
      yield {
        path: [...path, 'score'],
        message: `${name} takes more (${score}) than ${better.name} (${better.score}), and ${metric.name} is to ${metric.direction}`,
        fix: 'list them best first, each with its own score',
      };
    if (score < (low ?? -Infinity) || score > (high ?? Infinity))
      yield { path: [...path, 'score'], message: 'lies outside metric.bounds', fix: 'correct one of the two' };
  }
}

/** Nothing is installed for a task: what it needs lies in the environment that all its programs share. */
function* environmentRules({ run, limits }: TaskManifest): Generator<RuleViolation> {
  if (run.requirements.length > 0) {
    yield {
      path: ['run', 'requirements'],
      message: `${run.requirements.join(', ')} would not be installed: programs find what the machine's environment or run.image has`,
      fix: 'install it there (.venv/bin/pip install …), or name an image that has it as run.image; then take this key out',
    };
  }
  if (limits.gpus > 1) {
    yield {
      path: ['limits', 'gpus'],
      message: `${limits.gpus} GPUs for one program: a slot holds one at most`,
      fix: 'gpus: 1, or 0 for programs that need none',
    };
  }
}

function* metricRules({ metric, prediction, split, data }: TaskManifest): Generator<RuleViolation> {
  const [low, high] = metric.bounds;
  if (low !== null && high !== null && low >= high) {
    yield { path: ['metric', 'bounds'], message: `${low} is not below ${high}`, fix: 'write [lowest, highest]' };
  }
  if (metric.optimum !== undefined && (metric.optimum < (low ?? -Infinity) || metric.optimum > (high ?? Infinity))) {
    yield { path: ['metric', 'optimum'], message: 'lies outside metric.bounds', fix: 'correct one of the two' };
  }
  if (!('builtin' in metric.impl)) return;
  const name = metric.impl.builtin;
  const known = builtinMetrics[name];
  if (known === undefined) {
    const [near] = nearest(name, Object.keys(builtinMetrics), 1);
    yield {
      path: ['metric', 'impl', 'builtin'],
      message: `there is no built-in metric ${JSON.stringify(name)}`,
      fix:
        near === undefined ? `one of ${Object.keys(builtinMetrics).join(', ')}, or impl.cmd` : `did you mean ${near}?`,
    };
    return;
  }
  if (metric.direction !== known.direction) {
    yield {
      path: ['metric', 'direction'],
      message: `${name} is to ${known.direction}, not to ${metric.direction}`,
      fix: `direction: ${known.direction}`,
    };
  }
  if (metric.optimum !== undefined && metric.optimum !== known.optimum) {
    yield {
      path: ['metric', 'optimum'],
      message: `the best value of ${name} is ${known.optimum}`,
      fix: `optimum: ${known.optimum}`,
    };
  }
  const values = prediction.columns.filter(({ role }) => role === 'value');
  const columns: PropertyKey[] = ['prediction', 'columns'];
  if (known.predicts === 'probability') {
    if (values.some(({ dtype, min, max }) => dtype !== 'float' || min !== 0 || max !== 1)) {
      yield {
        path: columns,
        message: `${name} needs probability columns`,
        fix: 'dtype: float, min: 0, max: 1 for the chance of class 1, or for one column per class',
      };
    } else if (values.length > 1 && prediction.row_sum !== 1) {
      yield { path: ['prediction', 'row_sum'], message: `${name} over several classes`, fix: 'row_sum: 1' };
    }
  }
  if (known.predicts === 'number' && values.some(({ dtype }) => dtype === 'string')) {
    yield { path: columns, message: `${name} needs numbers`, fix: 'dtype: float' };
  }
  if (known.predicts === 'label' && values.some(({ dtype, levels }) => dtype === 'float' || levels === undefined)) {
    yield {
      path: columns,
      message: `${name} compares labels`,
      fix: 'dtype: string or int, with levels: [every class]',
    };
  }
  if (known.predicts !== 'probability' && values.length !== data.target.length) {
    yield {
      path: columns,
      message: `${values.length} value columns for ${data.target.length} targets`,
      fix: 'one value column for each of data.target, in its order',
    };
  }
  if (name === 'mase') {
    if (split.method !== 'rolling_origin') {
      yield {
        path: ['metric', 'impl', 'builtin'],
        message: 'mase needs histories',
        fix: 'split.method: rolling_origin',
      };
    }
    if (metric.season === undefined) {
      yield {
        path: ['metric', 'season'],
        message: 'missing: mase is scaled by a season',
        fix: 'e.g. season: 12 for months',
      };
    }
  } else if (metric.season !== undefined) {
    yield { path: ['metric', 'season'], message: `has no effect on ${name}`, fix: 'remove it' };
  }
}
