/** Whole runs on a model that costs money: workers, sandboxes, sockets and disk are real, the provider is a local server. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import pino from 'pino';
import { nothingSpent, type Spending, tokensOf } from '../../protocol/cost.ts';
import type { RunConfig } from '../../protocol/run.ts';
import { StoredTrajectory } from '../../server/agent/trajectoryLog.ts';
import { RunHost } from '../../server/api/runHost.ts';
import { forms } from '../../server/cli/output.ts';
import { spendingOf } from '../../server/models/budget/spendingOf.ts';
import { Governor } from '../../server/models/governor/governor.ts';
import { costOf } from '../../server/models/prices/cost.ts';
import { createModel } from '../../server/models/registry.ts';
import { RunStore, readRun } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { aira2 } from '../support/command.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { openAiError, type Reply, refusal } from './openaiReplies.ts';
import { type Bill, researcher } from './openaiResearcher.ts';
import { OpenAiServer, type OpenAiServerOptions } from './openaiServer.ts';
import { pricedHostProgram, testPrice } from './pricedHost.ts';

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

async function serve(t: TestContext, respond: NonNullable<OpenAiServerOptions['respond']>): Promise<OpenAiServer> {
  const server = await OpenAiServer.start({ respond });
  t.after(() => server.close());
  return server;
}

const priceOfBill = (bill: Bill) => costOf(bill, testPrice) ?? 0;

async function newRun(id: string, model: string, change: Partial<RunConfig>): Promise<RunStore> {
  return RunStore.create(toy.home, id, {
    ...runStarted({ task: 'linear', model, workers: 2, drafts: 2, ...change }),
    metric: { name: 'RMSE', direction: 'minimize' },
  });
}

function hostOf(store: RunStore, model: string, governor = new Governor()): Promise<RunHost> {
  return RunHost.start({
    store,
    task: toy.task,
    model: createModel(model, {}),
    price: testPrice,
    governor,
    venv,
    log: pino({ level: 'silent' }),
  });
}

/** What the trajectories of a run say, all of them together, and that events and documents say the same. */
async function assertAccountsAgree(run: string): Promise<Spending> {
  const { view, paths } = await readRun(toy.home, run);
  let total = nothingSpent;
  for (const { id, spent = nothingSpent } of view.candidates.values()) {
    const events = await StoredTrajectory.read(paths.candidate(id).trajectory);
    const told = spendingOf(events, { open: true });
    assert.ok(Math.abs(told.costUsd - spent.costUsd) < 1e-6, `#${id}: ${told.costUsd} and ${spent.costUsd}`);
    assert.equal(tokensOf(told), tokensOf(spent), `#${id}`);
    total = { ...total, costUsd: total.costUsd + told.costUsd, calls: total.calls + told.calls };
  }
  assert.ok(Math.abs(view.summary.spent.costUsd - total.costUsd) < 1e-6);
  assert.equal(view.summary.spent.calls, total.calls);
  return view.summary.spent;
}

describe('a run on a model that costs money', { timeout: 300_000 }, () => {
  it('is estimated before it starts, and told afterwards what the provider billed, to the cent', async (t) => {
    const { respond, bill } = researcher({ looks: 1 });
    const server = await serve(t, respond);
    const [tier] = testPrice.tiers;
    assert.ok(tier !== undefined);
    const { input, cachedInput, output } = tier;
    const prices = { [server.modelId]: { input, cachedInput, output } };
    const command = (...args: string[]) =>
      aira2([...args, '--json'], { home: toy.home, environment: { AIRA2_VENV: venv }, timeoutMs: 120_000 });
    const args = [
      'run',
      toy.source,
      '--model',
      server.modelId,
      '--candidates',
      '4',
      '--drafts',
      '2',
      '--cost',
      '1000000',
    ];
    const refused = await command(...args);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stdout, /no known price.*prices\.json/);
    assert.equal(server.requests.length, 0, 'nothing is asked of a model whose cost cannot be bounded');

    await writeFile(join(toy.home, 'prices.json'), JSON.stringify({ prices }));
    const { exitCode, stdout, stderr } = await command(...args);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /estimate: about \$[\d.]+, [\d.]+ M tokens a candidate.*for 4 candidates.*assumes/);
    const { run } = forms.run.parse(JSON.parse(stdout));
    assert.equal(run.estimate?.run.candidates, 4);
    // The connection test asked twice before the run began.
    const tests = server.requests.length - run.spent.calls;
    assert.equal(tests, 2);
    assert.equal(run.spent.calls, bill.calls);
    assert.ok(Math.abs(run.spent.costUsd - priceOfBill(bill)) < 1e-6);
    const spent = await assertAccountsAgree(run.id);
    assert.equal(spent.unpricedCalls + spent.estimatedCalls, 0);
    const shown = forms['runs show'].parse(JSON.parse((await command('runs', 'show', run.id)).stdout));
    assert.equal(shown.estimate?.basis, 'measured');
    assert.ok(Math.abs((shown.estimate?.run.costUsd ?? 0) - run.spent.costUsd) < 1e-6, 'four times the mean of four');
    const words = await aira2(['runs', 'report', run.id], { home: toy.home, environment: {} });
    assert.match(words.stdout, /## Cost\n\n- \$[\d.]+ for \d+ calls/);
  });

  it('of eight agents stays within its cap, starts nothing new near it, and loses no begun work for it', async (t) => {
    let seed = 5;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const { respond, bill } = researcher({
      looks: 3,
      outputTokens: () => Math.floor(random() * 4000),
      delayMs: () => 20,
    });
    const server = await serve(t, respond);
    const run = '20260103-000000-linear-c001';
    const cap = 1500;
    const limits = { candidates: null, agentsPerSlot: 4, drafts: 8, budget: { costUsd: cap } };
    const store = await newRun(run, server.modelId, limits);
    const end = await (await hostOf(store, server.modelId)).run();
    assert.deepEqual(end, { kind: 'finished' });
    await store.close();
    const { summary } = store.view;
    assert.match(summary.endReason ?? '', /budget/);
    const spent = await assertAccountsAgree(run);
    assert.ok(Math.abs(spent.costUsd - priceOfBill(bill)) < 1e-6, 'what was counted is what was billed');
    assert.ok(spent.costUsd <= cap, `${spent.costUsd} of ${cap}`);
    assert.ok(spent.costUsd >= 0.5 * cap, 'and the money was used');
    assert.equal(summary.counts.failed, 0, 'the end of the money is nobody’s failure');
    assert.ok(summary.counts.scored > 0 && summary.selected !== null);
  });

  it('goes on when it may take more: agents that wait for room, and new ones, up to the new cap', async (t) => {
    const { respond, bill } = researcher({ looks: 1, outputTokens: () => 3000, delayMs: () => 10 });
    const server = await serve(t, respond);
    const run = '20260103-000000-linear-c006';
    const cap = 300;
    const limits = { candidates: null, workers: 1, agentsPerSlot: 2, drafts: 2, budget: { costUsd: cap } };
    const store = await newRun(run, server.modelId, limits);
    const host = await hostOf(store, server.modelId);
    const extending: Promise<void>[] = [];
    store.subscribe(store.view.lastSeq, ({ body }) => {
      // Who has told of its costs has its evaluation before it: the search is not over yet.
      if (body.type !== 'candidate_submitted' || extending.length > 0) return;
      extending.push(host.steering.extend({ costUsd: cap, hours: 1 }));
    });
    assert.deepEqual(await host.run(), { kind: 'finished' });
    assert.equal(extending.length, 1);
    await Promise.all(extending);
    await store.close();
    const spent = await assertAccountsAgree(run);
    assert.ok(Math.abs(spent.costUsd - priceOfBill(bill)) < 1e-6, 'what was counted is what was billed');
    assert.ok(spent.costUsd > cap && spent.costUsd <= 2 * cap, `${spent.costUsd} of ${cap} and ${cap} more`);
    const { config, counts } = store.view.summary;
    assert.deepEqual([config.budget?.costUsd, config.hours, counts.failed], [2 * cap, null, 0]);
  });

  it('lives through an outage without a failed candidate, and its clock stands still meanwhile', async (t) => {
    const { respond, bill } = researcher({ looks: 1, delayMs: () => 10 });
    /** From the moment at which the run knows of it. */
    const outageMs = 4000;
    let knownSince: number | null = null;
    let refusals = 0;
    const isDown = () => {
      if (bill.calls < 8) return false;
      if (store.view.summary.outage !== null) knownSince ??= Date.now();
      return knownSince === null || Date.now() < knownSince + outageMs;
    };
    const down = (): Reply => {
      refusals += 1;
      return refusals % 3 === 0
        ? refusal(429, openAiError('Rate limit reached.'), { 'retry-after-ms': '300' })
        : refusal(503, openAiError('The server is overloaded.'));
    };
    const server = await serve(t, async (request) => (isDown() ? down() : respond(request)));
    const run = '20260103-000000-linear-c002';
    const store = await newRun(run, server.modelId, { candidates: 8, agentsPerSlot: 2, drafts: 4, hours: 1 });
    const breaker = { threshold: 3, firstWaitMs: 100, longestWaitMs: 600 };
    const governor = new Governor({ breaker, rateLimitPauseMs: 100 });
    const end = await (await hostOf(store, server.modelId, governor)).run();
    await store.close();
    assert.deepEqual(end, { kind: 'finished' });
    const { counts, activeMs, createdAt, endedAt, outage: left } = store.view.summary;
    assert.deepEqual([counts.scored, counts.failed, counts.abandoned], [8, 0, 0]);
    assert.ok(refusals >= 4 && refusals < 60, `${refusals} calls in an outage of 4 s: parked, not hammering`);
    assert.equal(left, null);
    const elapsed = (endedAt ?? 0) - createdAt;
    assert.ok(elapsed - activeMs > 1500, `of ${elapsed} ms the run was active ${activeMs}`);
    const spent = await assertAccountsAgree(run);
    assert.equal(spent.calls, bill.calls, 'refusals are no calls that cost anything');
    assert.ok(Math.abs(spent.costUsd - priceOfBill(bill)) < 1e-6);
  });

  it('keeps others on its quota to its rates as long as it is there, and no longer, also where it cannot start', async () => {
    const governor = new Governor();
    const calls = () => governor.status().concurrency;
    const before = calls();
    const store = await newRun('20260103-000000-linear-c005', 'heuristic', { workers: 1, rates: { concurrency: 3 } });
    const options = {
      store,
      task: toy.task,
      model: createModel('heuristic', {}),
      governor,
      log: pino({ level: 'silent' }),
    };
    const starting = RunHost.start({ ...options, venv: join(toy.home, 'no-venv') });
    assert.equal(calls(), 3);
    await assert.rejects(starting);
    assert.equal(calls(), before);
    const host = await RunHost.start({ ...options, venv });
    assert.equal(calls(), 3);
    host.search.interrupt('the test has seen enough');
    await host.run();
    assert.equal(calls(), before);
    await store.close();
  });

  it('stops with a reason when the key is refused or the quota is used up, and goes on when that is mended', async (t) => {
    const { respond, bill } = researcher();
    let isRefusing = true;
    const quota = refusal(429, openAiError('You exceeded your current quota.', { code: 'insufficient_quota' }));
    const server = await serve(t, async (request) => (isRefusing && bill.calls >= 5 ? quota : respond(request)));
    const run = '20260103-000000-linear-c003';
    const store = await newRun(run, server.modelId, { candidates: 6, agentsPerSlot: 2 });
    const end = await (await hostOf(store, server.modelId)).run();
    assert.equal(end.kind, 'interrupted');
    assert.match(end.kind === 'interrupted' ? end.reason : '', /exceeded your current quota/);
    assert.equal(store.view.summary.counts.failed + store.view.summary.counts.abandoned, 0);
    await store.close();
    isRefusing = false;
    const again = await RunStore.open(toy.home, run);
    await again.append({ type: 'run_resumed', pid: process.pid });
    assert.deepEqual(await (await hostOf(again, server.modelId)).run(), { kind: 'finished' });
    await again.close();
    assert.equal(again.view.summary.counts.scored, 6);
    const spent = await assertAccountsAgree(run);
    const billed = priceOfBill(bill);
    // Each of the other agents may have had a call under way when the run ended: it counts as the most it can have taken.
    assert.ok(spent.estimatedCalls <= 3, `${spent.estimatedCalls} calls were cut off`);
    assert.ok(spent.costUsd >= billed - 1e-6, `counted ${spent.costUsd}, billed ${billed}: nothing is lost`);
    if (spent.estimatedCalls === 0) assert.ok(spent.costUsd <= billed + 1e-6, 'nothing is counted twice');
    assert.ok(spent.calls - spent.estimatedCalls <= bill.calls, 'no answer is counted twice');
  });

  it('forgets no cost and counts none twice, however often its server is killed', async (t) => {
    const { respond, bill } = researcher({ looks: 2, delayMs: () => 150 });
    const server = await serve(t, respond);
    const run = '20260103-000000-linear-c004';
    const start = () =>
      execa(process.execPath, [pricedHostProgram, toy.home, run, server.modelId, '6'], {
        reject: false,
        timeout: 120_000,
      });
    let kills = 0;
    for (const calls of [5, 14]) {
      const host = start();
      let hasEnded = false;
      host.then(() => {
        hasEnded = true;
      });
      while (!hasEnded && bill.calls < calls) await sleep(10);
      if (hasEnded) break;
      host.kill('SIGKILL');
      await host;
      kills += 1;
    }
    assert.equal(kills, 2);
    const last = await start();
    assert.equal(last.exitCode, 0, last.stderr);
    const spent = await assertAccountsAgree(run);
    const { view } = await readRun(toy.home, run);
    assert.equal(view.summary.counts.scored, 6);
    const billed = priceOfBill(bill);
    assert.ok(spent.costUsd >= billed - 1e-6, `counted ${spent.costUsd}, billed ${billed}: nothing is lost`);
    // Each of four agents may have had one call under way at each kill: such a call counts as the most it can have taken.
    assert.ok(spent.estimatedCalls <= 4 * kills, `${spent.estimatedCalls} calls were cut off`);
    assert.ok(spent.calls - spent.estimatedCalls <= bill.calls, 'no answer is counted twice');
    assert.ok(spent.calls >= bill.calls);
  });
});
