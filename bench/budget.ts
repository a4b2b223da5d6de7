/**
 * Sixteen agents against a cost cap: everything real but the model's brain, whose answers are of random length, up to the
 * most that is asked for. Is the cap kept? By how much was it not used? Do log, events and the provider's bill agree? Does the run
 * replay from its recording, by two agents, to the same candidates?
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nothingSpent } from '../protocol/cost.ts';
import { StoredTrajectory } from '../server/agent/trajectoryLog.ts';
import { spendingOf } from '../server/models/budget/spendingOf.ts';
import { costOf } from '../server/models/prices/cost.ts';
import type { RunStore } from '../server/store/runStore.ts';
import { researcher } from '../test/models/openaiResearcher.ts';
import { OpenAiServer } from '../test/models/openaiServer.ts';
import { testPrice } from '../test/models/pricedHost.ts';
import { runConfig } from '../test/support/candidates.ts';
import { linearTask } from '../test/support/linearTask.ts';
import { recordedRun, replayedRun, type Taped } from '../test/support/tapedRun.ts';

export const description = 'sixteen agents against a cost cap [--cap 8000] [--seed 1] [--looks 4]';

export async function run(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      cap: { type: 'string', default: '8000' },
      seed: { type: 'string', default: '1' },
      looks: { type: 'string', default: '4' },
    },
  });
  const cap = Number(values.cap);
  const random = generator(Number(values.seed));
  const { respond, bill } = researcher({
    looks: Number(values.looks),
    // Mostly short, now and then as long as is allowed.
    outputTokens: () => (random() < 0.05 ? Number.POSITIVE_INFINITY : Math.floor(random() * 3000)),
    delayMs: () => 20 + random() * 100,
  });
  const server = await OpenAiServer.start({ respond });
  await using toy = await linearTask();
  const limits = { candidates: null, workers: 2, agentsPerSlot: 8, drafts: 16, budget: { costUsd: cap } };
  const taped = { toy, folder: join(toy.home, 'recording'), price: testPrice };
  const store = await recordedRun(runConfig({ task: 'linear', model: server.modelId, ...limits }), taped);
  try {
    const { counts, spent, endReason, state } = store.view.summary;
    const told = await fromTrajectories(store);
    const billed = costOf(bill, testPrice) ?? 0;
    return {
      agents: limits.workers * limits.agentsPerSlot,
      end: state,
      endReason,
      cap,
      spent: spent.costUsd,
      shareOfCap: spent.costUsd / cap,
      overshoot: Math.max(0, spent.costUsd - cap),
      largestReservationOfACall: told.largestReservation,
      lastTurns: told.lastTurns,
      counts,
      calls: spent.calls,
      /** Of what events say: to what the provider billed, and to what the trajectories on disk say when read again. */
      differences: { toBill: spent.costUsd - billed, toTrajectories: spent.costUsd - told.costUsd },
      /** Made again without the server, from the recording: candidates of the same operator, parents, bytes and search score. */
      replay: await replayed(taped, server),
    };
  } finally {
    await store.close();
    await server.close();
  }
}

async function replayed(taped: Taped, server: OpenAiServer) {
  await server.close();
  const { store, comparison } = await replayedRun({ workers: 2, agentsPerSlot: 1 }, taped);
  await store.close();
  return { agents: 2, ...comparison };
}

async function fromTrajectories({ view, paths }: RunStore) {
  let { costUsd } = nothingSpent;
  let largestReservation = 0;
  let lastTurns = 0;
  for (const id of view.candidates.keys()) {
    const events = await StoredTrajectory.read(paths.candidate(id).trajectory);
    costUsd += spendingOf(events, { open: true }).costUsd;
    for (const event of events) {
      if (event.type === 'reserved') largestReservation = Math.max(largestReservation, event.costUsd ?? 0);
      if (event.type === 'notice' && event.kind === 'final_warning') lastTurns += 1;
    }
  }
  return { costUsd, largestReservation, lastTurns };
}

/** Numbers in [0, 1), the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
