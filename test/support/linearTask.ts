/** A task of 300 rows with y ≈ 3x, prepared as every task is: small enough that a candidate costs a second. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareTask } from '../../server/tasks/prepare.ts';
import type { PreparedTask } from '../../server/tasks/preparedTask.ts';

export const venv = process.env.AIRA2_VENV ?? fileURLToPath(new URL('../../.venv', import.meta.url));

export interface LinearTask extends AsyncDisposable {
  task: PreparedTask;
  home: string;
  /** The folder with its task.yaml. */
  source: string;
}

export interface LinearTaskOptions {
  /** An empty folder to be the home; its owner removes it. Default: a temporary one. */
  home?: string;
  /** Longest tool call, seconds. */
  devExecS?: number;
  /** Time of one agent, seconds. */
  trajectoryS?: number;
}

export async function linearTask({
  home: given,
  devExecS = 60,
  trajectoryS = 300,
}: LinearTaskOptions = {}): Promise<LinearTask> {
  const home = given ?? (await mkdtemp(join(tmpdir(), 'aira2-linear-')));
  const source = join(home, 'source');
  await mkdir(source);
  const rows = Array.from({ length: 300 }, (_, row) => {
    const x = (row * 37) % 300;
    return `${x},${(3 * x + ((row * 7919) % 101) / 10 - 5).toFixed(3)}`;
  });
  await writeFile(join(source, 'table.csv'), `x,y\n${rows.join('\n')}\n`);
  await writeFile(join(source, 'description.md'), '# Linear\n\nPredict y from x.\n');
  await writeFile(join(source, 'task.yaml'), manifest(devExecS, trajectoryS));
  const task = await prepareTask({
    home,
    reference: source,
    python: join(venv, 'bin', 'python'),
    log: () => undefined,
  });
  const dispose = given === undefined ? () => rm(home, { recursive: true, force: true }) : () => Promise.resolve();
  return { task, home, source, [Symbol.asyncDispose]: dispose };
}

const manifest = (devExecS: number, trajectoryS: number) => `schema: aira.task/1
id: linear
title: Linear toy
version: 1
source: {kind: local, ref: test, licence: none}
description: description.md
modality: tabular
data: {target: [y]}
split: {method: random, min_rows: 10}
prediction:
  columns:
    - {name: id, role: id, dtype: string}
    - {name: y, role: value, dtype: float}
metric: {name: RMSE, direction: minimize, bounds: [0, null], optimum: 0, impl: {builtin: rmse}}
limits: {cpus: 1, mem_mb: 1000, eval_exec_s: 60, dev_exec_s: ${devExecS}, trajectory_s: ${trajectoryS}, gpus: 0, disk_mb: 100, pids: 256}
`;
