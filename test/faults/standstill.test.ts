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
/** Of an agent: so long that two of them are in it together also where one starts seconds after the other. */
const firstCallS = 8;
/** Time of an agent: for its calls, and for the five seconds of a standstill that nobody can tell from a late look. */
const trajectoryS = 35;
/** Longer than an agent may work. */
const stillMs = 42_000;

it('agents that were at work when everything stopped have the time that they had', { timeout: 240_000 }, async () => {
  await using toy = await linearTask({ trajectoryS });
  const host = execa(process.execPath, [hostProgram, toy.home, run, String(candidates), String(firstCallS)], {
    reject: false,
    timeout: 200_000,
  });
  const viewOf = async () => (await readRun(toy.home, run)).view;
  const trajectoryOf = (id: number) =>
    JsonlLog.read(join(toy.home, 'runs', run, 'candidates', String(id), 'trajectory.jsonl'), TrajectoryEvent);
  /** It has been asked for the first time, and its call has not come back. */
  const isInFirstCall = async (id: number) => {
    const types = (await trajectoryOf(id)).map(({ type }) => type);
    return types.at(-1) === 'model' && types.indexOf('model') === types.length - 1;
  };
  const ids = Array.from({ length: candidates }, (_, index) => index + 1);
  const inFirstCall = async () => (await Promise.all(ids.map(isInFirstCall))).filter(Boolean).length;
  // Those on the two slots: whichever two they are.
  await until('both agents to be in their first call', async () => (await inFirstCall()) === 2);
  host.kill('SIGSTOP');
  await sleep(stillMs);
  host.kill('SIGCONT');
  const { exitCode, stderr } = await host;
  assert.equal(exitCode, 0, stderr);
  const { summary } = await viewOf();
  assert.deepEqual([summary.counts.scored, summary.counts.failed, summary.counts.abandoned], [candidates, 0, 0]);
  const wholeMs = (summary.endedAt ?? 0) - summary.createdAt;
  assert.ok(wholeMs > stillMs && summary.activeMs < wholeMs - stillMs + 10_000, `${summary.activeMs} of ${wholeMs} ms`);
  const told = (await Promise.all(ids.map(trajectoryOf))).flat().filter(({ type }) => type === 'stood_still');
  assert.equal(told.length, 2, 'their trajectories say so, too');
});
