/**
 * Ten minutes of 503 and 429 in the middle of a run: everything real (store, search, workers, sandboxes, scorer, sockets) but
 * the model's brain, with time running faster. Does a candidate fail? Is anything paid or used up? Does the run go on by itself?
 */
import { parseArgs } from 'node:util';
import pino from 'pino';
import { RunHost } from '../server/api/runHost.ts';
import { Governor } from '../server/models/governor/governor.ts';
import { costOf } from '../server/models/prices/cost.ts';
import { createModel } from '../server/models/registry.ts';
import { RunStore } from '../server/store/runStore.ts';
import { openAiError, type Reply, refusal } from '../test/models/openaiReplies.ts';
import { researcher } from '../test/models/openaiResearcher.ts';
import { OpenAiServer } from '../test/models/openaiServer.ts';
import { testPrice } from '../test/models/pricedHost.ts';
import { runStarted } from '../test/support/candidates.ts';
import { linearTask, venv } from '../test/support/linearTask.ts';

export const description =
  'ten simulated minutes of 503 and 429 in the middle of a run [--minutes 10] [--speed 20] [--candidates 16]';

const simulatedMinute = 60_000;

export async function run(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '10' },
      speed: { type: 'string', default: '20' },
      candidates: { type: 'string', default: '16' },
    },
  });
  const speed = Number(values.speed);
  const outageMs = (Number(values.minutes) * simulatedMinute) / speed;
  const candidates = Number(values.candidates);
  const provider = failingProvider(outageMs, Math.floor(candidates * 1.5));
  const server = await OpenAiServer.start({ respond: provider.respond });
  await using toy = await linearTask();
  const store = await RunStore.create(toy.home, '20260101-000000-outage-aa01', {
    ...runStarted({
      task: 'linear',
      model: server.modelId,
      candidates,
      workers: 2,
      agentsPerSlot: 4,
      drafts: 8,
      hours: 1,
    }),
    metric: { name: 'RMSE', direction: 'minimize' },
  });
  // The settings of a real run, divided by the speed.
  const governor = new Governor({
    breaker: { firstWaitMs: 2000 / speed, longestWaitMs: 300_000 / speed },
    rateLimitPauseMs: 2000 / speed,
    windowMs: 60_000 / speed,
  });
  const began = Date.now();
  try {
    const host = await RunHost.start({
      store,
      task: toy.task,
      model: createModel(server.modelId, {}),
      price: testPrice,
      governor,
      venv,
      log: pino({ level: 'silent' }),
    });
    const end = await host.run();
    const elapsedMs = Date.now() - began;
    const { counts, activeMs, spent, outage } = store.view.summary;
    const simulatedSeconds = (ms: number) => Math.round((ms * speed) / 1000);
    return {
      speed,
      end: end.kind,
      counts,
      outage: {
        simulatedSeconds: simulatedSeconds(outageMs),
        callsMeanwhile: provider.refused(),
        simulatedSecondsToFirstAnswerAfterwards: simulatedSeconds(provider.firstAnswerAfter()),
        stillMarked: outage !== null,
      },
      /** What of the run's hours the outage did not use up. */
      clock: { elapsedMs, activeMs, stoodStillMs: elapsedMs - activeMs, outageMs },
      cost: {
        callsCounted: spent.calls,
        callsBilled: provider.bill.calls,
        difference: spent.costUsd - (costOf(provider.bill, testPrice) ?? 0),
      },
    };
  } finally {
    await store.close();
    await server.close();
  }
}

/** A model that answers, stops answering after so many calls, and answers again. */
function failingProvider(outageMs: number, callsBefore: number) {
  const { respond, bill } = researcher({ looks: 1, delayMs: () => 50 });
  let from: number | null = null;
  let refused = 0;
  let firstAnswer: number | null = null;
  const refuse = (): Reply => {
    refused += 1;
    if (refused % 3 === 0)
      return refusal(429, openAiError('Rate limit reached for requests.'), { 'retry-after-ms': '500' });
    return refusal(503, openAiError('The model is overloaded. Please try again later.'));
  };
  return {
    bill,
    respond: async (request: Parameters<typeof respond>[0]): Promise<Reply> => {
      if (bill.calls >= callsBefore) from ??= Date.now();
      if (from !== null && Date.now() < from + outageMs) return refuse();
      if (from !== null) firstAnswer ??= Date.now();
      return respond(request);
    },
    refused: () => refused,
    /** Milliseconds from the end of the outage to the first call that was answered. */
    firstAnswerAfter: () => (from === null || firstAnswer === null ? Number.NaN : firstAnswer - from - outageMs),
  };
}
