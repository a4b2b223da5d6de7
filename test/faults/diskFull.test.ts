/** A disk that fills up in the middle of a run: the run stops with words, and goes on when there is room again. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunEvent } from '../../protocol/run.ts';
import { StoredTrajectory } from '../../server/agent/trajectoryLog.ts';
import { exitCodes } from '../../server/cli/exitCodes.ts';
import { runDirectory } from '../../server/store/home.ts';
import { JsonlLog } from '../../server/store/jsonlLog.ts';
import { RunStore, readRun } from '../../server/store/runStore.ts';
import { aira2 } from '../support/command.ts';
import { audit } from '../support/faults/audit.ts';
import { type HostSettings, newRun } from '../support/faults/host.ts';
import { startHost } from '../support/faults/hosted.ts';
import { Census } from '../support/faults/processes.ts';
import { mountSmall, type SmallDisk, smallDisk } from '../support/faults/smallDisk.ts';
import { linearTask } from '../support/linearTask.ts';

const candidates = 6;
const run = '20260105-000000-linear-d001';

const settingsOf = (home: string): HostSettings => ({
  ...{ home, run, candidates, workers: 2, timing: {}, foreground: true },
  researcher: { lookS: 0.2, thinkS: 0.1, programS: 0.2 },
});

/** Hosts the run until the disk is full and the server has ended; then again, with room, to its end. */
async function filledInMidRun(home: string, disk: SmallDisk) {
  const temporary = await mkdtemp(join(tmpdir(), 'aira2-faults-'));
  chmodSync(temporary, 0o755);
  const settings = settingsOf(home);
  const told: RunEvent[] = [];
  const census = new Census();
  const start = () => {
    const host = startHost(settings, temporary, (event) => told.push(event));
    census.add(host.pid);
    return host;
  };
  const scored = () => told.filter(({ body }) => body.type === 'candidate_scored').length;
  const first = start();
  try {
    for (const deadline = Date.now() + 180_000; scored() < 2; await sleep(20)) {
      census.look();
      assert.ok(Date.now() < deadline, 'two candidates are scored');
    }
    disk.fill();
    const stopped = await first.ended;
    const toldBefore = [...told];
    return {
      stopped,
      toldBefore,
      /** What is on disk is what was told, whole, and no more than that is read. */
      assertIntact: async () => {
        const { view, paths } = await readRun(home, run);
        const events = await JsonlLog.read(paths.events, RunEvent);
        for (const event of toldBefore) assert.deepEqual(events[event.seq - 1], event);
        assert.equal(view.summary.state, 'interrupted');
        assert.equal(view.summary.counts.failed + view.summary.counts.abandoned, 0, 'no candidate paid for it');
        for (const id of view.candidates.keys()) await StoredTrajectory.read(paths.candidate(id).trajectory);
        for (const name of await readdir(paths.candidates))
          if (/^\d+\.json$/.test(name)) JSON.parse(await readFile(join(paths.candidates, name), 'utf8'));
      },
      goOn: async () => {
        const ended = await start().ended;
        assert.equal(ended.exitCode, 0, ended.stderr);
        const folders = [runDirectory(home, run), temporary];
        const findings = await audit({ home, run, candidates, told, census, folders, temporary });
        assert.deepEqual(findings, { lost: [], duplicated: [], broken: [], orphans: [] });
      },
      dispose: () => rm(temporary, { recursive: true, force: true }),
    };
  } catch (error) {
    first.kill('SIGKILL');
    await first.ended;
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function mounted(t: TestContext, mount: () => Promise<SmallDisk | null>): Promise<SmallDisk | null> {
  const disk = await mount();
  if (disk === null) t.skip('no file system can be mounted here');
  return disk;
}

describe('a disk that fills up in the middle of a run', { timeout: 600_000 }, () => {
  it('of the home: the run says so and stops, nothing told is lost, and it goes on when there is room', async (t) => {
    await using disk = await mounted(t, () => smallDisk(16));
    if (disk === null) return;
    const { path: home } = disk;
    await linearTask({ home });
    const filled = await filledInMidRun(home, disk);
    try {
      const { exitCode, signal, stderr } = filled.stopped;
      assert.equal(signal, null);
      assert.equal(exitCode, exitCodes.interrupted, stderr);
      assert.match(stderr, /the disk is full: \S+ could not be written\. Free some space there \(df -h \S+\)/);
      assert.match(stderr, new RegExp(`aira2 runs resume ${run}`));
      await filled.assertIntact();
      // Too soon: refused in words, and nothing is the worse for it. What the server has freed as it ended is taken, too.
      disk.fill();
      const again = await aira2(['runs', 'resume', run], { home });
      assert.equal(again.exitCode, exitCodes.environment, again.stderr);
      assert.match(again.stderr, /the disk is full: \S+ could not be written\. Free some space/);
      await filled.assertIntact();
      disk.free();
      await filled.goOn();
    } finally {
      await filled.dispose();
    }
  });

  it("of the workers: the run stops with the worker's words, and goes on when there is room", async (t) => {
    await using toy = await linearTask();
    const { home } = toy;
    const store = await RunStore.create(home, run, newRun(settingsOf(home), toy.task));
    await store.close();
    await mkdir(store.paths.workers, { mode: 0o700 });
    await using disk = await mounted(t, () => mountSmall(store.paths.workers, 4));
    if (disk === null) return;
    const filled = await filledInMidRun(home, disk);
    try {
      const { exitCode, stderr } = filled.stopped;
      assert.equal(exitCode, exitCodes.interrupted, stderr);
      assert.match(
        stderr,
        /the disk is full: the worker of slot \d could not keep a result \(.*ENOSPC.*\). Free some space/,
      );
      assert.match(stderr, new RegExp(`aira2 runs resume ${run}`));
      await filled.assertIntact();
      disk.free();
      await filled.goOn();
    } finally {
      await filled.dispose();
    }
  });
});
