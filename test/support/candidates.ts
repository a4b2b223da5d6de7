/** Small builders for tests of the search: a candidate and a run's first event, with what a test does not care about filled in. */
import type { Candidate, NewRun, RunConfig } from '../../protocol/run.ts';

export function candidate(id: number, change: Partial<Candidate> = {}): Candidate {
  return {
    id,
    operator: 'draft',
    parents: [],
    origin: 'sampled',
    state: 'running',
    slot: 0,
    seed: id,
    summary: `candidate ${id}`,
    author: 'test',
    createdAt: 1000,
    endedAt: null,
    steps: 0,
    search: null,
    validation: null,
    test: null,
    failure: null,
    evaluation: [],
    suspiciouslyPerfect: false,
    ...change,
  };
}

export function scored(id: number, value: number, change: Partial<Candidate> = {}): Candidate {
  return candidate(id, { state: 'scored', search: { value, standardError: 0.01, rows: 100 }, ...change });
}

export function runConfig(change: Partial<RunConfig> = {}): RunConfig {
  return {
    task: 'toy',
    taskVersion: 1,
    model: 'heuristic',
    workers: 2,
    agentsPerSlot: 1,
    candidates: 10,
    hours: null,
    seed: 1,
    temperature: 0.2,
    crossover: 0.15,
    drafts: 2,
    maxSteps: 20,
    search: 'evolution',
    operators: 'react',
    evaluation: 'hidden',
    sandbox: 'bwrap',
    ...change,
  };
}

export function runStarted(change: Partial<RunConfig> = {}): NewRun {
  return {
    type: 'run_started',
    config: runConfig(change),
    metric: { name: 'rmse', direction: 'minimize' },
    splitHash: '0'.repeat(64),
    scoringHash: '0'.repeat(64),
    caveats: [],
  };
}
