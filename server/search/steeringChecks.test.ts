/** What clients do not offer (`protocol/steering.ts`) is what is refused here, state by state. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type RunEventBody, RunState } from '../../protocol/run.ts';
import { takes } from '../../protocol/steering.ts';
import { candidate, runStarted } from '../../test/support/candidates.ts';
import { RunStore } from '../store/runStore.ts';
import { prepareRequest, RequestRefusedError, type Wish } from './requests.ts';
import { checkedMarks } from './steeringChecks.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-steering-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const leadingTo: { [S in RunState]: RunEventBody[] } = {
  running: [],
  paused: [{ type: 'run_paused' }],
  interrupted: [{ type: 'run_interrupted', reason: 'for this test' }],
  stopping: [{ type: 'run_stopping', reason: 'for this test' }],
  finished: [
    { type: 'run_stopping', reason: 'for this test' },
    { type: 'unsealed', scores: [], selected: null, early: false },
    { type: 'run_finished', reason: 'for this test' },
  ],
};

const files = [{ path: 'solution.py', contentBase64: '' }];
const wishes: Wish[] = [
  { kind: 'fork', parent: 1 },
  { kind: 'cross', parents: [1, 2] },
  { kind: 'submit', summary: 'mine', files },
  { kind: 'reevaluate', candidate: 1, times: 1 },
];

/** @throws anything else than a refusal */
async function isTaken(ask: () => unknown): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof RequestRefusedError) return false;
    throw error;
  }
}

for (const state of RunState.options)
  test(`a run that is ${state} takes what clients offer of it, and nothing else`, async () => {
    const store = await RunStore.create(home, `20260101-000000-toy-${state}`, runStarted());
    try {
      for (const id of [1, 2]) {
        await store.append({ type: 'candidate_started', candidate: candidate(id), request: null, generator: [1] });
        await store.writeProgram(id, files);
        await store.append({ type: 'candidate_submitted', id, summary: '', steps: 1 });
        const search = { value: id, standardError: 0.1, rows: 10 };
        await store.append({ type: 'candidate_scored', id, search, evaluation: [], suspiciouslyPerfect: false });
      }
      for (const event of leadingTo[state]) await store.append(event);
      const { summary } = store.view;
      assert.equal(summary.state, state);
      for (const wish of wishes) {
        const isWorkTaken = await isTaken(() => prepareRequest(store, wish, { request: 'one', entryFile: null }));
        assert.equal(isWorkTaken, takes(summary, 'work'), wish.kind);
      }
      const isExclusionTaken = await isTaken(() => checkedMarks(store.view, 1, { excluded: true }));
      assert.equal(isExclusionTaken, takes(summary, 'exclusion'), 'exclude');
    } finally {
      await store.close();
    }
  });
