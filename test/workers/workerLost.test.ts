import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { which } from '../../server/setup/executables.ts';
import type { PoolEvent } from '../../server/workers/contract.ts';
import { SlotFailedError, WorkerLostError } from '../../server/workers/errors.ts';
import type { WorkerProcessId } from '../../server/workers/launcher.ts';
import { LocalLauncher } from '../../server/workers/localLauncher.ts';
import {
  awaiting,
  bash,
  evaluate,
  isAlive,
  ofType,
  pidOf,
  processesWith,
  spec,
  startPool,
  textOf,
  until,
} from './poolFixture.ts';

const lost = (events: PoolEvent[]) => ofType(events, 'slot_lost');

/** A process number that no other test sleeps for: finds the sandbox's processes on the host. */
let marks = 0;
function mark(): string {
  marks += 1;
  return `${100_000 + process.pid}.${marks}`;
}

for (const driver of ['none', 'bwrap'] as const) {
  describe(`a worker killed with SIGKILL (${driver})`, { timeout: 120_000 }, () => {
    // Only where it is not installed: a pool that does not start with it is a failure.
    const skip = driver === 'bwrap' && which('bwrap') === null ? 'bubblewrap is not installed' : false;
    it('takes its sandboxes with it, is told of once, and the slot goes on under a new epoch', { skip }, async () => {
      const fixture = await startPool({ driver });
      try {
        const slot = fixture.pool.slot(0);
        await slot.openSession('agent', spec);
        await slot.openSession('idle', spec);
        const seconds = mark();
        await slot.execute('e1', bash('agent', `sleep ${seconds} & echo background`));
        const running = slot.execute('e2', bash('agent', `exec sleep ${seconds}`));
        await until(() => processesWith(seconds).length >= 2, 'both sleep');
        const [pid, epoch] = [pidOf(fixture), slot.status().epoch];
        process.kill(pid, 'SIGKILL');
        await assert.rejects(running, (error) => error instanceof WorkerLostError && /e2/.test(error.what));
        await assert.rejects(slot.execute('e3', bash('agent', 'true')), WorkerLostError);
        await until(() => slot.status().state === 'ready', 'the slot is filled again');
        await until(() => lost(fixture.events).length > 0, 'the loss is told');
        await until(() => processesWith(seconds).length === 0, 'its sandboxes are dead');
        assert.ok(slot.status().epoch > epoch);
        assert.deepEqual((await slot.openSession('agent', spec)).kept, false);
        assert.match(textOf(await slot.execute('e4', bash('agent', 'echo fresh'))), /fresh/);
        assert.deepEqual(
          lost(fixture.events).map(({ slot: index, sessions, executions }) => ({ index, sessions, executions })),
          [{ index: 0, sessions: ['agent', 'idle'], executions: ['e2'] }],
        );
      } finally {
        await fixture.dispose();
      }
    });
  });
}

describe('a worker that is lost', { timeout: 120_000 }, () => {
  it('costs a running evaluation, but not one that it had finished and journalled', async () => {
    const fixture = await startPool();
    try {
      const slot = fixture.pool.slot(0);
      const go = fixture.path('go');
      const finished = slot.execute(
        'done',
        evaluate(`echo run >> ${fixture.path('runs')}; ${awaiting(go)}; echo over >> ${fixture.path('over')}`),
      );
      const running = slot.execute('hangs', evaluate(`echo run >> ${fixture.path('started')}; sleep 1000`));
      finished.catch(() => undefined);
      running.catch(() => undefined);
      await slot.openSession('agent', spec);
      const tool = slot.execute('tool', bash('agent', `${awaiting(go)}; echo over >> ${fixture.path('over')}`));
      tool.catch(() => undefined);
      await until(() => fixture.lines('runs').length + fixture.lines('started').length === 2, 'both run');
      const pid = pidOf(fixture);
      fixture.pool.detach();
      writeFileSync(go, '');
      await assert.rejects(finished, /closed/);
      const journal = join(fixture.directory, 'run', 'workers', 'slot-0', 'journal');
      await until(
        () => ['"done"', '"tool"'].every((id) => readFileSync(journal, 'utf8').includes(id)),
        'both are journalled',
      );
      process.kill(pid, 'SIGKILL');
      await until(() => !isAlive(pid), 'the worker is dead');
      await fixture.restart();
      const next = fixture.pool.slot(0);
      assert.deepEqual(next.unclaimed(), ['done']);
      const result = await next.execute('done', evaluate('must not run'));
      assert.ok(result.kind === 'evaluated' && result.exitCode === 0, JSON.stringify(result));
      assert.equal(fixture.lines('runs').length, 1);
      assert.equal((await next.execute('hangs', evaluate('exit 3'))).kind, 'evaluated');
    } finally {
      await fixture.dispose();
    }
  });

  it('is not waited for when it is stopped: suspect first, then lost, and what it says later is refused', async () => {
    const stopped: number[] = [];
    class Unreachable extends LocalLauncher {
      override async kill(id: WorkerProcessId, deadlineMs: number) {
        return stopped.includes(id.pid) ? false : await super.kill(id, deadlineMs);
      }
    }
    const fixture = await startPool({ launcher: new Unreachable(), timing: { leaseMs: 1500, graceMs: 1500 } });
    try {
      const slot = fixture.pool.slot(0);
      await slot.openSession('agent', spec);
      const seconds = mark();
      const go = fixture.path('go');
      const command = `echo run >> ${fixture.path('runs')}; ${awaiting(go)}; echo ${seconds}`;
      const tool = slot.execute('tool', bash('agent', `sleep ${seconds}`));
      const evaluation = slot.execute('evaluation', evaluate(command));
      await until(() => fixture.lines('runs').length === 1, 'the evaluation runs');
      const pid = pidOf(fixture);
      stopped.push(pid);
      process.kill(pid, 'SIGSTOP');
      // It ends while nobody is there to say so.
      writeFileSync(go, '');
      const rejections = await Promise.allSettled([tool, evaluation]);
      for (const rejection of rejections) {
        assert.ok(rejection.status === 'rejected' && rejection.reason instanceof WorkerLostError);
      }
      await until(() => lost(fixture.events).length === 1, 'the loss is told');
      const states = ofType(fixture.events, 'slot_state').map(({ state }) => state);
      assert.ok(states.indexOf('suspect') !== -1 && states.indexOf('suspect') < states.indexOf('relaunching'));
      // The assignment is put in the queue again, and runs on the next worker.
      const again = await slot.execute('evaluation', evaluate(`echo again >> ${fixture.path('runs')}`));
      assert.equal(again.kind, 'evaluated');
      process.kill(pid, 'SIGCONT');
      await until(() => !isAlive(pid), 'the stopped worker finds its place taken and ends');
      await until(() => processesWith(seconds).length === 0, 'its sandboxes end with it');
      assert.deepEqual(fixture.lines('runs'), ['run', 'again']);
      assert.equal(lost(fixture.events).length, 1);
      assert.deepEqual(slot.unclaimed(), []);
      assert.notEqual(pidOf(fixture), pid);
    } finally {
      await fixture.dispose();
    }
  });

  it('fails the slot when no next worker starts, and says why to everybody who waits', async () => {
    let launches = 0;
    class OnlyOnce extends LocalLauncher {
      override async launch(config: Parameters<LocalLauncher['launch']>[0]) {
        launches += 1;
        if (launches > 1) {
          throw new Error('out of order');
        }
        return await super.launch(config);
      }
    }
    const fixture = await startPool({ launcher: new OnlyOnce() });
    try {
      const slot = fixture.pool.slot(0);
      const running = slot.execute('e1', evaluate('sleep 1000'));
      process.kill(pidOf(fixture), 'SIGKILL');
      const opening = slot.openSession('agent', spec);
      await assert.rejects(running, (error) => error instanceof SlotFailedError && /out of order/.test(error.message));
      await assert.rejects(opening, SlotFailedError);
      await assert.rejects(slot.execute('e2', evaluate('true')), SlotFailedError);
      assert.equal(slot.status().state, 'failed');
    } finally {
      await fixture.dispose();
    }
  });
});
