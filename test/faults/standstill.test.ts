/** The server stands still, as on a laptop that is closed and opened again: that is nobody's time, and no agent pays for it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { JsonlLog } from '../../server/store/jsonlLog.ts';
import { readRun } from '../../server/store/runStore.ts';
import { until } from '../support/agentServer.ts';
import { hostProgram } from '../support/hostProcess.ts';
import { linearTask } from '../support/linearTask.ts';

const run = '20260106-000000-linear-5711';
const candidates = 4;
/** Longer than an agent may work. */
const stillMs = 42_000;
const trajectoryS = 25;

it('agents that were at work when everything stopped have the time that they had', { timeout: 240_000 }, async () => {
  await using toy = await linearTask({ trajectoryS });
  const host = execa(process.execPath, [hostProgram, toy.home, run, String(candidates), '3'], {
    reject: false,
    timeout: 200_000,
  });
  const viewOf = async () => (await readRun(toy.home, run)).view;
  const trajectoryOf = (id: number) =>
    JsonlLog.read(join(toy.home, 'runs', run, 'candidates', String(id), 'trajectory.jsonl'), TrajectoryEvent);
  const isAtWork = async (id: number) => (await trajectoryOf(id)).at(-1)?.type === 'model';
  await until('both agents to be at work', async () => (await isAtWork(1)) && (await isAtWork(2)), 60_000);
  host.kill('SIGSTOP');
  await sleep(stillMs);
  host.kill('SIGCONT');
  const { exitCode, stderr } = await host;
  assert.equal(exitCode, 0, stderr);
  const { summary } = await viewOf();
  assert.deepEqual([summary.counts.scored, summary.counts.failed, summary.counts.abandoned], [candidates, 0, 0]);
  const wholeMs = (summary.endedAt ?? 0) - summary.createdAt;
  assert.ok(wholeMs > stillMs && summary.activeMs < wholeMs - stillMs + 10_000, `${summary.activeMs} of ${wholeMs} ms`);
  const told = (await Promise.all([1, 2, 3, 4].map(trajectoryOf))).flat().filter(({ type }) => type === 'stood_still');
  assert.equal(told.length, 2, 'their trajectories say so, too');
});
