/** A task of the workspace that opens in a scenario: small enough that a candidate of the built-in researcher takes seconds. */

const rows = Array.from({ length: 260 }, (_, row) => {
  const x = (row * 37) % 260;
  const group = ['a', 'b', 'c'][row % 3];
  const y = 3 * x + (row % 3) * 40 + ((row * 7919) % 101) / 5;
  return `${x},${group},${y.toFixed(3)}`;
});

const manifest = `schema: aira.task/1
id: slopes
title: Three slopes
version: 1
source: {kind: local, ref: made for this test, licence: none}
description: description.md
modality: tabular
data: {target: [y]}
split: {method: random, min_rows: 10}
prediction:
  columns:
    - {name: id, role: id, dtype: string}
    - {name: y, role: value, dtype: float}
metric: {name: RMSE, direction: minimize, bounds: [0, null], optimum: 0, impl: {builtin: rmse}}
limits: {cpus: 1, mem_mb: 2000, eval_exec_s: 120, dev_exec_s: 120, trajectory_s: 600, gpus: 0, disk_mb: 200, pids: 256}
`;

export const workspaceTask: Record<string, string> = {
  'slopes/task.yaml': manifest,
  'slopes/description.md': '# Three slopes\n\nPredict y from x and its group.\n',
  'slopes/table.csv': `x,group,y\n${rows.join('\n')}\n`,
};

/** Its title in lists. */
export const taskTitle = 'Three slopes';
