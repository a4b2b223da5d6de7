/** Runs and candidates for tests. */
import { nothingSpent } from '../../../protocol/amounts.ts';
import type { RunView } from '../../../protocol/projection.ts';
import type { Candidate, RunSummary, Score } from '../../../protocol/run.ts';

export function score(value: number, standardError = 0.001): Score {
  return { value, standardError, rows: 100 };
}

export function candidate(id: number, change: Partial<Candidate> = {}): Candidate {
  return {
    id,
    operator: (change.parents ?? []).length === 0 ? 'draft' : 'mutation',
    parents: [],
    origin: 'sampled',
    state: 'scored',
    slot: null,
    seed: id,
    summary: `program ${id}`,
    author: 'heuristic',
    createdAt: 1000 * id,
    endedAt: 1000 * id + 500,
    steps: 3,
    search: change.state === undefined || change.state === 'scored' ? score(1 / id) : null,
    validation: null,
    test: null,
    failure: null,
    evaluation: [],
    suspiciouslyPerfect: false,
    ...change,
  };
}

export function summary(change: Partial<RunSummary> = {}): RunSummary {
  return {
    id: 'run-one',
    state: 'running',
    config: {
      task: 'diamonds',
      taskVersion: 1,
      model: 'heuristic',
      workers: 2,
      agentsPerSlot: 1,
      candidates: 12,
      hours: null,
      seed: 1,
      temperature: 0.2,
      crossover: 0.15,
      drafts: 4,
      maxSteps: 30,
      search: 'evolution',
      operators: 'react',
      evaluation: 'hidden',
      sandbox: 'bwrap',
    },
    metric: { name: 'rmse', direction: 'minimize' },
    splitHash: '0',
    createdAt: 0,
    endedAt: null,
    activeMs: 60_000,
    gpus: 0,
    gpuMs: 0,
    spent: nothingSpent,
    outage: null,
    counts: { created: 3, running: 1, scored: 2, failed: 0, abandoned: 0 },
    nearDuplicates: { told: 0, submitted: 0 },
    bestSearch: null,
    clearBest: null,
    stagnation: { sinceBest: 0, sinceClearBest: 0 },
    selected: null,
    unsealed: false,
    caveats: [],
    endReason: null,
    ...change,
  };
}

export function view(candidates: readonly Candidate[], change: Partial<RunSummary> = {}): RunView {
  return {
    summary: summary(change),
    candidates: new Map(candidates.map((one) => [one.id, one])),
    pending: [],
    requests: new Map(),
    dropped: [],
    generator: null,
    lastSeq: 1,
    activeSince: null,
    decided: false,
  };
}
