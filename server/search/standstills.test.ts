import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import pino from 'pino';
import type { RunConfig } from '../../protocol/run.ts';
import { bash, bench, options, scripted, submit, type Turn } from '../../test/support/agentBench.ts';
import { runStarted } from '../../test/support/candidates.ts';
import { runAgent } from '../agent/loop.ts';
import { activeMsOf } from '../agent/transcript.ts';
import { ChatModelError } from '../models/chatModel.ts';
import { RunStore } from '../store/runStore.ts';
import { Standstills, tellRun, tellTrajectory } from './standstills.ts';
import { timeLeft } from './timeBudget.ts';

const second = 1000;
const hour = 3_600_000;

/** A clock that the test sets, and what it has told. */
function watched(t: TestContext) {
  const clock = { ms: hour };
  const standstills = new Standstills(() => clock.ms);
  t.after(() => standstills.stop());
  const told: [ms: number, at: number][] = [];
  standstills.listen((ms, at) => told.push([ms, at]));
  return { clock, standstills, told };
}

describe('a clock that tells of its standstills', () => {
  it('tells once, before whoever looks has the time', (t) => {
    const { clock, standstills, told } = watched(t);
    clock.ms = 9 * hour;
    assert.equal(standstills.now(), 9 * hour);
    assert.deepEqual(told, [[8 * hour - 5 * second, 9 * hour]]);
    clock.ms += 4 * second;
    standstills.now();
    assert.equal(told.length, 1);
  });

  it('looks by itself, so that a quiet run is no standstill', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { clock, standstills, told } = watched(t);
    for (let looks = 0; looks < 100; looks += 1) {
      clock.ms += 5 * second;
      t.mock.timers.tick(5 * second);
    }
    standstills.now();
    assert.deepEqual(told, []);
    clock.ms += hour;
    t.mock.timers.tick(5 * second);
    assert.equal(told.length, 1);
  });

  it('takes an overloaded process for no standstill', (t) => {
    const { clock, standstills, told } = watched(t);
    for (let looks = 0; looks < 100; looks += 1) {
      clock.ms += 34 * second;
      standstills.now();
    }
    assert.deepEqual(told, []);
  });

  it('takes a clock that was set back for none, and goes on from there', (t) => {
    const { clock, standstills, told } = watched(t);
    clock.ms = 0;
    assert.equal(standstills.now(), 0);
    clock.ms = 5 * second;
    standstills.now();
    assert.deepEqual(told, []);
    clock.ms = hour;
    standstills.now();
    assert.equal(told.length, 1);
  });

  it('tells nobody any more once it is stopped', (t) => {
    const { clock, standstills, told } = watched(t);
    standstills.stop();
    clock.ms = 9 * hour;
    assert.equal(standstills.now(), 9 * hour);
    assert.deepEqual(told, []);
  });
});

describe('an agent', () => {
  /** Its bench sleeps as long as a command says; its model's turns may sleep, too. */
  async function agentOf(t: TestContext, turns: (sleep: (ms: number) => void) => Turn[]) {
    const { clock, standstills } = watched(t);
    const sleep = (ms: number) => {
      clock.ms += ms;
    };
    const { workbench } = bench();
    const { bash: tool } = workbench;
    workbench.bash = (execId, command, timeoutMs, commit) => {
      sleep(Number(command));
      return tool(execId, command, timeoutMs, commit);
    };
    const given = options(scripted(turns(sleep)), workbench, { now: standstills.now });
    t.after(tellTrajectory(standstills, given.log));
    const result = await runAgent(given);
    return { result, events: given.log.events };
  }

  it('that the machine slept with in the middle of a tool call has its time still', async (t) => {
    const { result, events } = await agentOf(t, () => [[bash(String(8 * hour))], [bash('20000')], [submit()]]);
    assert.equal(result.reason, 'submitted');
    assert.equal(activeMsOf(events), 25 * second);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['started', 'model', 'stood_still', 'observation', 'model', 'observation', 'model', 'observation', 'ended'],
    );
    const seen = events.flatMap((event) => (event.type === 'observation' ? [event.observation.text] : []));
    assert.match(seen[0] ?? '', /step 1\/20 · 10 min left\]$/);
  });

  it('makes a call again whose limit ran out while the machine slept', async (t) => {
    const { result, events } = await agentOf(t, (sleep) => [
      () => {
        sleep(8 * hour);
        throw new ChatModelError('out_of_time', 'time was up');
      },
      () => {
        sleep(8 * hour);
        return [submit()];
      },
    ]);
    assert.equal(result.reason, 'submitted');
    assert.equal(events.filter(({ type }) => type === 'stood_still').length, 2);
    const answer = events.find((event) => event.type === 'model');
    assert.ok((answer?.durationMs ?? hour) <= 5 * second, 'the model did not think all night');
  });

  it('that the clock was set back under has no more time than before', async (t) => {
    const { result, events } = await agentOf(t, () => [[bash(String(-hour))], [submit()]]);
    assert.equal(result.reason, 'submitted');
    const seen = events.flatMap((event) => (event.type === 'observation' ? [event.observation.text] : []));
    assert.match(seen[0] ?? '', /10 min left\]$/);
  });

  it('that has ended, or not begun, is told nothing', async (t) => {
    const { clock, standstills } = watched(t);
    const given = options(scripted([[submit()]]), bench().workbench, { now: standstills.now });
    t.after(tellTrajectory(standstills, given.log));
    clock.ms += 8 * hour;
    standstills.now();
    assert.equal(given.log.events.length, 0);
    await runAgent(given);
    clock.ms += 8 * hour;
    standstills.now();
    assert.equal(given.log.events.at(-1)?.type, 'ended');
  });
});

describe('a run', () => {
  async function runOf(t: TestContext, config: Partial<RunConfig>) {
    const { clock, standstills } = watched(t);
    const home = await mkdtemp(join(tmpdir(), 'aira2-standstills-'));
    const store = await RunStore.create(home, '20261120-000000-toy-ab12', runStarted(config), () => clock.ms);
    t.after(async () => {
      await store.close();
      await rm(home, { recursive: true, force: true });
    });
    const runClock = tellRun(standstills, store, pino({ level: 'silent' }));
    return { clock, store, leftMs: () => timeLeft(store.view, runClock()).remainingMs };
  }

  it('never sees a standstill as time used: not when it is told, not when it is on disk', async (t) => {
    const { clock, store, leftMs } = await runOf(t, { hours: 2 });
    clock.ms += hour;
    assert.equal(leftMs(), 2 * hour - 5 * second, 'an hour of sleep without an event');
    assert.equal(store.view.lastSeq, 1, 'the view does not know of it yet');
    assert.equal(leftMs(), 2 * hour - 5 * second);
    await store.append({ type: 'caveat', text: '' });
    assert.equal(leftMs(), 2 * hour - 5 * second);
    clock.ms += 10 * second;
    assert.equal(leftMs(), 2 * hour - 15 * second);
  });

  it('has it in its log before whatever came after it, and with the time of day', async (t) => {
    const { clock, store } = await runOf(t, { hours: 2 });
    clock.ms += 8 * hour;
    await store.append({ type: 'run_paused' });
    const events = await store.events(0);
    assert.deepEqual(
      events.map(({ seq, at, body }) => [seq, at, body.type]),
      [
        [1, hour, 'run_started'],
        [2, 9 * hour, 'stood_still'],
        [3, 9 * hour, 'run_paused'],
      ],
    );
    assert.equal(store.view.summary.activeMs, 5 * second);
  });
});
