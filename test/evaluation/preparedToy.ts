/**
 * A task of 400 rows, prepared as every task is, whose hidden labels are unmistakable: every target reads `7310.` and six
 * digits that occur nowhere else. Whoever holds a hidden one has read what nobody may.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { prepareTask } from '../../server/tasks/prepare.ts';
import type { PreparedTask } from '../../server/tasks/preparedTask.ts';
import { csv, python } from './toyTask.ts';

/** What every label looks like, hidden or not. */
export const canary = /7310\.\d{6}/g;

export interface PreparedToy extends AsyncDisposable {
  task: PreparedTask;
  /** Everything of it, and of what tests put beside it. */
  home: string;
  /** The labels that are in no part that a program may see. */
  hiddenLabels: ReadonlySet<string>;
}

export interface ToyShape {
  /** Forecasts of ten series from three origins, one run for each, instead of one pooled run. */
  rollingOrigin?: boolean;
}

export async function prepareToy({ rollingOrigin = false }: ToyShape = {}): Promise<PreparedToy> {
  const home = await mkdtemp(path.join(tmpdir(), 'toy-home-'));
  const source = path.join(home, 'source');
  await mkdir(source);
  const rows = Array.from({ length: 400 }, (_, row) => ({
    ...(rollingOrigin
      ? { series: `s${row % 10}`, month: new Date(Date.UTC(2000, Math.floor(row / 10))).toISOString().slice(0, 10) }
      : { x: (row * 7919) % 1009, z: (row * 104_729) % 997 }),
    y: `7310.${String((row * 611_953 + 104_729) % 1_000_000).padStart(6, '0')}`,
  }));
  await writeFile(path.join(source, 'table.csv'), csv(rows));
  await writeFile(path.join(source, 'description.md'), '# Toy\nPredict y.\n');
  await writeFile(path.join(source, 'task.yaml'), manifest(rollingOrigin));
  const task = await prepareTask({ home, reference: source, python, log: () => undefined });
  const answers = await readFile(path.join(task.privateDirectory, 'answers.csv'), 'utf8');
  return {
    task,
    home,
    hiddenLabels: new Set(answers.match(canary)),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

const manifest = (rollingOrigin: boolean) => `
schema: aira.task/1
id: toy
title: Toy
version: 1
source: {kind: local, ref: test, licence: none}
description: description.md
modality: tabular
data:
  target: [y]
split: ${rollingOrigin ? '{method: rolling_origin, group: [series], time: month, horizon: 4}' : '{method: random}'}
view: {mode: ${rollingOrigin ? 'per_split' : 'pooled'}}
prediction:
  columns:
    - {name: id, role: id, dtype: string}
    - {name: y, role: value, dtype: float, min: 0}
  max_bytes: 1000000
metric:
  name: MAE
  direction: minimize
  bounds: [0, null]
  optimum: 0
  impl: {builtin: mae}
limits: {eval_exec_s: 60, grade_s: 60, cpus: 1, mem_mb: 512, gpus: 0, disk_mb: 64, pids: 64}
`;
