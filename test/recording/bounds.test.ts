/**
 * Runs that were bounded, recorded by many agents and made again by one: where turns were the last ones, and where the search
 * ended, comes from the recording.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { RunConfig } from '../../protocol/run.ts';
import { StoredTrajectory } from '../../server/agent/trajectoryLog.ts';
import type { RunStore } from '../../server/store/runStore.ts';
import { type ResearcherOptions, researcher } from '../models/openaiResearcher.ts';
import { OpenAiServer } from '../models/openaiServer.ts';
import { testPrice } from '../models/pricedHost.ts';
import { runConfig } from '../support/candidates.ts';
import { type LinearTask, linearTask } from '../support/linearTask.ts';
import { SeededRandom } from '../support/seededRandom.ts';
import { recordedRun, replayedRun } from '../support/tapedRun.ts';

let toy: LinearTask;
/** Its agents have little time. */
let hasty: LinearTask;
before(async () => {
  toy = await linearTask();
  hasty = await linearTask({ trajectoryS: 10 });
});
after(() => Promise.all([toy, hasty].map((task) => task[Symbol.asyncDispose]())));

interface Place {
  toy: LinearTask;
  folder: string;
}

/** Records with the server, which is gone when the run is made again. */
async function recorded(t: TestContext, at: Place, options: ResearcherOptions, change: Partial<RunConfig>) {
  const server = await OpenAiServer.start({ respond: researcher(options).respond });
  const config = runConfig({ task: 'linear', model: server.modelId, candidates: null, crossover: 0.4, ...change });
  try {
    const store = await recordedRun(config, { ...at, price: testPrice });
    t.after(() => store.close());
    return store;
  } finally {
    await server.close();
  }
}

/** All that a population is, but for what came to nothing because the run ended. */
function population(store: RunStore) {
  const ended = [...store.view.candidates.values()].filter(({ state }) => state !== 'abandoned');
  return Promise.all(
    ended.map(async ({ id, operator, parents, seed, state, summary, search, failure }) => ({
      ...{ id, operator, parents, seed, state, summary },
      score: search?.value,
      failure: failure?.kind,
      program: failure?.kind === 'no_submission' ? [] : await store.readProgram(id),
    })),
  );
}

/** Notices and ends of the agents that came to one, in the order of their candidates. */
async function lastWords(store: RunStore): Promise<string[]> {
  const words: string[] = [];
  for (const { id, state } of store.view.candidates.values()) {
    if (state === 'abandoned') continue;
    for (const event of await StoredTrajectory.read(store.candidatePaths(id).trajectory)) {
      if (event.type === 'notice') words.push(`#${id} step ${event.step} ${event.kind}`);
      if (event.type === 'ended') words.push(`#${id} step ${event.step} ${event.reason}`);
    }
  }
  return words;
}

async function assertReplays(t: TestContext, at: Place, before: RunStore): Promise<RunStore> {
  const { store, comparison } = await replayedRun({ workers: 1, agentsPerSlot: 1 }, { ...at, price: testPrice });
  t.after(() => store.close());
  assert.deepEqual(comparison.differences, []);
  assert.deepEqual(await population(store), await population(before));
  assert.deepEqual(await lastWords(store), await lastWords(before));
  assert.equal(store.view.summary.state, 'finished');
  return store;
}

const isLastTurn = (words: string) => words.endsWith('final_warning');

describe('a recording of a bounded run', { timeout: 900_000 }, () => {
  it('replays with fewer agents where money ended the search and turns of its agents', async (t) => {
    const folder = join(toy.home, 'bounded-in-money');
    const random = new SeededRandom(7);
    const options: ResearcherOptions = {
      looks: 1,
      slope: () => 2 + 2 * random.uniform(),
      outputTokens: () => (random.chance(0.1) ? Number.POSITIVE_INFINITY : random.between(100, 3000)),
      delayMs: () => random.between(20, 150),
    };
    const bounds = { workers: 2, agentsPerSlot: 4, drafts: 5, budget: { costUsd: 800 } };
    const before = await recorded(t, { toy, folder }, options, bounds);
    assert.match(before.view.summary.endReason ?? '', /80 % of the cost budget|no room/);
    assert.ok((await lastWords(before)).some(isLastTurn), 'the budget had no room for all turns');

    const again = await assertReplays(t, { toy, folder }, before);
    const { budget, hours } = again.view.summary.config;
    assert.deepEqual([budget, hours], [undefined, null], 'what asks nobody needs no bounds');
  });

  it('replays what the bound of each candidate cut short, with or without a submission', async (t) => {
    const folder = join(toy.home, 'bounded-each');
    const random = new SeededRandom(11);
    const options: ResearcherOptions = {
      looks: 5,
      slope: () => 2 + 2 * random.uniform(),
      outputTokens: () => random.between(1000, 9000),
    };
    const bounds = { workers: 2, agentsPerSlot: 2, drafts: 3, candidates: 4, budget: { candidateTokens: 75_000 } };
    const before = await recorded(t, { toy, folder }, options, bounds);
    assert.ok((await lastWords(before)).some(isLastTurn));
    await assertReplays(t, { toy, folder }, before);
  });

  it('replays at another speed where time ran out for its agents', async (t) => {
    const folder = join(hasty.home, 'bounded-in-time');
    const random = new SeededRandom(13);
    const options: ResearcherOptions = {
      looks: 30,
      slope: () => 2 + 2 * random.uniform(),
      delayMs: () => random.between(200, 600),
    };
    const bounds = { workers: 2, agentsPerSlot: 2, drafts: 3, candidates: 4 };
    const before = await recorded(t, { folder, toy: hasty }, options, bounds);
    assert.ok(
      (await lastWords(before)).filter((words) => isLastTurn(words) || words.endsWith('time_limit')).length >= 4,
    );
    await assertReplays(t, { folder, toy: hasty }, before);
  });
});
