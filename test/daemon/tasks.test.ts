/** Tasks as the agent server shows them: of workspaces of any size, with what charts are read against, and nothing that lies elsewhere. */
import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RemoteError } from '../../protocol/rpcErrors.ts';
import { TestServer } from '../support/agentServer.ts';

const secret = 'what nobody else is to read';
let server: TestServer;

before(async () => {
  server = await TestServer.inNewHome();
});
after(() => server?.[Symbol.asyncDispose]());

const manifest = (id: string, more = '') => `schema: aira.task/1
id: ${id}
title: Task ${id}
version: 1
source: {kind: local, ref: test, licence: none}
description: description.md
modality: tabular
data: {target: [y]}
split: {method: random}
prediction:
  columns:
    - {name: id, role: id, dtype: string}
    - {name: y, role: value, dtype: float}
metric: {name: RMSE, direction: minimize, bounds: [0, null], impl: {builtin: rmse}}
${more}`;

async function taskIn(folder: string, id: string, more = ''): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'task.yaml'), manifest(id, more));
  await writeFile(join(folder, 'description.md'), `# ${id}\n`);
  return folder;
}

describe('tasks of the agent server', { timeout: 600_000 }, () => {
  it('are listed from a workspace of thousands of files as far as its bounds go, while others are served', async () => {
    const workspace = join(server.home, 'large');
    for (let folder = 0; folder < 60; folder += 1) {
      const data = join(workspace, `group${folder}`, 'data');
      await mkdir(data, { recursive: true });
      await Promise.all(Array.from({ length: 100 }, (_, file) => writeFile(join(data, `${file}.csv`), 'x,y\n1,2\n')));
      for (let task = 0; task < 10; task += 1)
        await taskIn(join(workspace, `group${folder}`, `task${task}`), `t-${folder}-${task}`);
    }
    await taskIn(join(workspace, 'first'), 'first');
    const asking = await server.client();
    const other = await server.client();
    let longest = 0;
    let isListed = false;
    const serving = (async () => {
      while (!isListed) {
        const began = performance.now();
        await other.request('server.get', {});
        longest = Math.max(longest, performance.now() - began);
      }
    })();
    const began = performance.now();
    const { tasks, notice } = await asking.request('tasks.list', { folders: [workspace] });
    const took = performance.now() - began;
    isListed = true;
    await serving;
    const own = tasks.filter(({ builtin }) => !builtin);
    assert.ok(took < 25_000, `answered after ${took} ms`);
    assert.ok(own.length <= 500, `${own.length} tasks`);
    assert.match(notice ?? '', /more than 500 manifests|not read/);
    assert.ok(longest < took / 2, `another client waited ${longest} ms of ${took} ms`);
    assert.ok(own.some(({ id }) => id === 'first') && own.every(({ problem }) => problem === null));
    const { notice: none } = await asking.request('tasks.list', { folders: [join(workspace, 'group1')] });
    assert.equal(none, null);
  });

  it('that are written badly are listed in few words, however many they have', async () => {
    const workspace = join(server.home, 'bad');
    const title = 'x'.repeat(700_000);
    const folder = await taskIn(join(workspace, 'wordy'), 'wordy');
    await writeFile(join(folder, 'task.yaml'), manifest('wordy').replace('Task wordy', title));
    const noisy = await taskIn(join(workspace, 'noisy'), 'noisy');
    await writeFile(join(noisy, 'task.yaml'), `${manifest('noisy')}${'y'.repeat(100_000)}: 1\n`);
    const client = await server.client();
    const { tasks } = await client.request('tasks.list', { folders: [workspace] });
    const own = tasks.filter(({ builtin }) => !builtin);
    assert.deepEqual(own.map(({ id }) => id).sort(), ['noisy', 'wordy']);
    assert.ok(JSON.stringify(own).length < 4000);
  });

  it('tell medals and reference scores of their manifests', async () => {
    const reference = `reference:
  baselines: [{name: naive, score: 9, how: the mean}]
  medals: [{name: gold, score: 1}, {name: silver, score: 2.5}, {name: bronze, score: 4}]
`;
    const task = await taskIn(join(server.home, 'medals'), 'medals', reference);
    const client = await server.client();
    const { medals, baselines, description } = await client.request('task.get', { task });
    assert.deepEqual(medals, [
      { name: 'gold', score: 1 },
      { name: 'silver', score: 2.5 },
      { name: 'bronze', score: 4 },
    ]);
    assert.deepEqual(baselines, [{ name: 'naive', score: 9, how: 'the mean' }]);
    assert.equal(description, '# medals\n');
    assert.deepEqual((await client.request('task.get', { task: 'diamonds' })).medals, [], 'of a task without any');
  });

  it('whose data does not fit are bad input, not a fault of the machine', async () => {
    const task = await taskIn(join(server.home, 'unfit'), 'unfit');
    await writeFile(join(task, 'table.csv'), 'a,b\n1,2\n');
    const client = await server.client();
    await assert.rejects(
      client.request('task.prepare', { task, operation: 'unfit' }),
      (error: unknown) =>
        error instanceof RemoteError && error.kind === 'bad_input' && /names the column 'y'/.test(error.message),
    );
  });

  it('read out nothing but themselves, whatever path they are asked for by', async () => {
    const client = await server.client();
    await writeFile(join(server.home, 'secret.txt'), `${secret}\n`);
    const linked = await taskIn(join(server.home, 'linked'), 'linked');
    await writeFile(join(linked, 'task.yaml'), manifest('linked').replace('description.md', 'link.md'));
    await symlink(join(server.home, 'secret.txt'), join(linked, 'link.md'));
    const upwards = await taskIn(join(server.home, 'upwards'), 'upwards');
    await writeFile(join(upwards, 'task.yaml'), manifest('upwards').replace('description.md', '../secret.txt'));
    const disguised = join(server.home, 'disguised');
    await mkdir(disguised);
    await symlink(join(server.home, 'secret.txt'), join(disguised, 'task.yaml'));
    const hostile = [
      linked,
      upwards,
      disguised,
      join(server.home, 'secret.txt'),
      '../../etc/passwd',
      'tasks/diamonds',
      './diamonds',
      'diamonds@1/../../secret.txt',
      'diamonds@../1',
      '/etc/passwd',
      '/dev/zero',
      '/proc/self/environ',
      `${server.home}/linked/../secret.txt`,
      'x\0y',
      '',
    ];
    for (const task of hostile) {
      for (const ask of [
        () => client.request('task.get', { task }),
        () => client.request('task.prepare', { task, operation: `prepare ${task}` }),
        () => client.request('task.check', { task, operation: `check ${task}` }),
        () => client.request('run.plan', { task, settings: {} }),
        () => client.request('run.start', { task, settings: {}, operation: `start ${task}` }),
      ])
        await assert.rejects(
          ask,
          (error: unknown) =>
            !(error instanceof RemoteError) || (error.kind !== null && !error.message.includes(secret)),
          task,
        );
      const problems = await client.request('task.validate', { task }).catch((error: unknown) => String(error));
      assert.ok(!JSON.stringify(problems).includes(secret), task);
    }
    assert.deepEqual((await client.request('runs.list', {})).runs, []);
  });
});
