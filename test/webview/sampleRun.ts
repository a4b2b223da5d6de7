/** A run and its candidates as a server would send them: made up, and valid. */
import { nothingSpent } from '../../protocol/amounts.ts';
import { Candidate, RunSummary } from '../../protocol/run.ts';

export const began = Date.UTC(2026, 0, 5, 9);

export function sampleRun(changes: Partial<RunSummary> = {}): RunSummary {
  return RunSummary.parse({
    id: '20260105-090000-birdstrikes-a1b2',
    state: 'running',
    config: {
      task: 'birdstrikes',
      taskVersion: 1,
      model: 'gemini:gemini-3.1-pro-preview',
      workers: 2,
      agentsPerSlot: 1,
      candidates: 24,
      hours: null,
      seed: 1,
      temperature: 0.2,
      crossover: 0.15,
      drafts: 4,
      maxSteps: 60,
      sandbox: 'bwrap',
    },
    metric: { name: 'log_loss', direction: 'minimize' },
    splitHash: 'a1',
    createdAt: began,
    endedAt: null,
    activeMs: 600_000,
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
    ...changes,
  });
}

export function sampleCandidate(changes: Partial<Candidate> = {}): Candidate {
  return Candidate.parse({
    id: 7,
    operator: 'mutation',
    parents: [2],
    origin: 'sampled',
    state: 'scored',
    slot: null,
    seed: 711285859,
    summary: 'hist-gb: crossed categories none → pairs; add hist-gb (from #2)',
    author: 'gemini:gemini-3.1-pro-preview',
    createdAt: began,
    submittedAt: began + 300_000,
    endedAt: began + 330_000,
    steps: 6,
    search: { value: 0.27562, standardError: 0.018, rows: 1275 },
    validation: null,
    test: null,
    failure: null,
    evaluation: [],
    spent: { ...nothingSpent, calls: 6, input: 72_000, output: 3600, thoughts: 1200, costUsd: 0.0738 },
    suspiciouslyPerfect: false,
    ...changes,
  });
}
