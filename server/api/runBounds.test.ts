import assert from 'node:assert/strict';
import test from 'node:test';
import { applyEvent, openRunView } from '../../protocol/projection.ts';
import type { RunConfig, RunEventBody, RunSummary } from '../../protocol/run.ts';
import { runStarted } from '../../test/support/candidates.ts';
import { refusedWithoutGpu, requireGpuForHours, type SpendingModel } from './runBounds.ts';

const hour = 3_600_000;
const id = '20260101-000000-toy-aa01';
const price = { tiers: [{ abovePromptTokens: 0, input: 1, cachedInput: 1, output: 1 }], source: 'test', asOf: '' };
const free = { ...price, tiers: [{ abovePromptTokens: 0, input: 0, cachedInput: 0, output: 0 }] };
const unpriced: SpendingModel = { isLanguageModel: true, price: null };
const why = 'no GPU is to be seen here (nvidia-smi hangs)';

function summaryOf(change: Partial<RunConfig>, ...bodies: [number, RunEventBody][]): RunSummary {
  const view = openRunView(id, { seq: 1, at: 0, body: runStarted(change) });
  for (const [at, body] of bodies) applyEvent(view, { seq: view.lastSeq + 1, at, body });
  return view.summary;
}

const byGpus = { candidates: null, hours: null, budget: { gpuHours: 2 } };

test('a run that only its GPU-hours bound is refused where it holds no GPU, with what to do', () => {
  const refusal = refusedWithoutGpu(summaryOf(byGpus), unpriced, why);
  assert.equal(refusal?.kind, 'environment');
  assert.match(refusal?.message ?? '', new RegExp(`Run ${id} is bounded by its GPU-hours alone`));
  assert.match(refusal?.message ?? '', /nvidia-smi hangs/);
  assert.match(refusal?.message ?? '', new RegExp(`aira2 runs extend ${id} --hours <h>.*aira2 runs finish ${id}`));
  assert.equal(refusedWithoutGpu(summaryOf(byGpus), unpriced, null), null, 'it holds a GPU');
});

test('a run that comes to its end all the same goes on without a GPU', () => {
  const goesOn = (summary: RunSummary, given: typeof price | null = null) =>
    assert.equal(refusedWithoutGpu(summary, { ...unpriced, price: given }, why), null);
  goesOn(summaryOf({ ...byGpus, hours: 1 }));
  goesOn(summaryOf({ ...byGpus, candidates: 3 }));
  goesOn(summaryOf({ candidates: null }));
  goesOn(summaryOf(byGpus, [1, { type: 'run_stopping', reason: 'enough', mode: 'finish' }]));
  goesOn(summaryOf(byGpus, [0, { type: 'gpus_held', gpus: 2 }], [hour, { type: 'run_interrupted', reason: 'down' }]));
  const costly = { ...byGpus, budget: { gpuHours: 2, costUsd: 5 } };
  goesOn(summaryOf(costly), price);
  const refused = (config: Partial<RunConfig>, model: typeof unpriced) =>
    assert.notEqual(refusedWithoutGpu(summaryOf(config), model, why), null);
  refused(costly, { ...unpriced, price: free });
  const talkative = { ...byGpus, budget: { gpuHours: 2, tokens: 5000 } };
  goesOn(summaryOf(talkative), free);
  refused(talkative, { isLanguageModel: false, price: free });
});

test('a new run is refused GPU-hours for the same reasons', () => {
  assert.throws(
    () => requireGpuForHours({ gpuHours: 1 }, why),
    /GPU-hours .--gpu-hours. cannot be counted: no GPU .*--hours/,
  );
  requireGpuForHours({ gpuHours: 1 }, null);
  requireGpuForHours({ costUsd: 1 }, why);
});
