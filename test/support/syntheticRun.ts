/**
 * Runs that never were, of any size, as a dashboard gets them: steady-state evolution with ranked parents, one or two of them,
 * programs that fail, wild scores, slots that stand idle for a moment. The same for the same seed.
 */
import { nothingSpent } from '../../protocol/amounts.ts';
import type { ToDashboardPanel } from '../../protocol/panels.ts';
import { openRunView } from '../../protocol/projection.ts';
import type { Candidate, Operator, RunConfig, RunEvent, RunEventBody, RunSummary } from '../../protocol/run.ts';
import { runStarted } from './candidates.ts';
import { SeededRandom } from './seededRandom.ts';

type DashboardReset = Extract<ToDashboardPanel, { type: 'reset' }>;

export interface SyntheticOptions {
  candidates: number;
  slots?: number;
  seed?: number;
  /** Candidates that are still at work, of those. */
  running?: number;
  /** The run has ended, and its scores are open. */
  unsealed?: boolean;
  /** Its model costs money. */
  priced?: boolean;
  config?: Partial<RunConfig>;
  /** Of its beginning; by default so long ago that its last candidate has just come in. */
  createdAt?: number;
}

const minute = 60_000;
/** From one candidate's beginning to the next one's on the same slot. */
const averageMs = 5.5 * minute;
const ideas = [
  'gradient boosting with target encoding',
  'blend of two forests and a ridge',
  'log of the target, monotone constraints',
  'auxiliary task on the raw signal',
  'wider network, cosine schedule, longer training',
];

export function syntheticRun(options: SyntheticOptions): DashboardReset {
  const { candidates: count, slots = 4, seed = 1, running = 0, unsealed = false, priced = false } = options;
  const createdAt = options.createdAt ?? Date.now() - (count / slots) * averageMs;
  const source = new SeededRandom(seed);
  const random = () => source.uniform();
  const { summary } = openRunView(`20261001-080000-synthetic-${String(seed).padStart(4, '0')}`, {
    seq: 1,
    at: createdAt,
    body: {
      ...runStarted({
        workers: slots,
        candidates: Math.ceil(count * 1.25),
        hours: Math.ceil((count / slots / 60) * 8),
        ...(priced ? { model: 'gemini:gemini-3.1-pro-preview', budget: { costUsd: Math.ceil(count * 0.06) } } : {}),
        ...options.config,
      }),
      ...(priced
        ? {
            price: {
              tiers: [{ abovePromptTokens: 0, input: 2, cachedInput: 0.2, output: 12 }],
              source: 'price list',
              asOf: '2026-10-01',
            },
          }
        : {}),
      caveats: priced ? [] : ['the built-in researcher is no language model'],
    },
  });
  const freeAt = Array.from({ length: slots }, () => createdAt);
  const ranked: Candidate[] = [];
  const candidates: Candidate[] = [];
  for (let id = 1; id <= count; id += 1) {
    const slot = freeAt.indexOf(Math.min(...freeAt));
    const begin = (freeAt[slot] ?? createdAt) + random() * 0.4 * minute;
    const candidate = born(id, begin, slot, ranked, random, priced);
    if (id <= count - running) {
      finish(candidate, candidates, random, unsealed);
      insert(ranked, candidate);
      freeAt[slot] = candidate.endedAt ?? begin;
    } else freeAt[slot] = begin + 100 * minute;
    candidates.push(candidate);
  }
  summarise(summary, candidates, unsealed);
  return {
    type: 'reset',
    summary,
    title: 'Wildlife strikes on aircraft: what will be damaged?',
    candidates,
    lastSeq: count * 5,
    pending: [],
    activeSince: unsealed ? null : createdAt + summary.activeMs,
    references: [
      { kind: 'baseline', name: 'naive', score: 0.92 },
      { kind: 'baseline', name: 'strong', score: 0.43 },
      { kind: 'medal', name: 'silver', score: 0.37 },
    ],
    selected: null,
  };
}

/** Best first. */
function insert(ranked: Candidate[], candidate: Candidate): void {
  const value = candidate.search?.value;
  if (value === undefined) return;
  let [low, high] = [0, ranked.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranked[middle]?.search?.value ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  ranked.splice(low, 0, candidate);
}

function born(
  id: number,
  begin: number,
  slot: number,
  ranked: readonly Candidate[],
  random: () => number,
  priced: boolean,
): Candidate {
  const draw = random();
  const operator: Operator =
    ranked.length < 6 ? 'draft' : draw < 0.15 ? 'crossover' : draw > 0.985 ? 'human' : 'mutation';
  // Good ones are parents more often, others too; but only who has ended.
  const pick = () => {
    for (let tries = 0; tries < 20; tries += 1) {
      const found = ranked[Math.floor(random() ** 3 * ranked.length)];
      if (found !== undefined && (found.endedAt ?? Number.POSITIVE_INFINITY) <= begin) return found.id;
    }
    return 1;
  };
  const parents = operator === 'draft' ? [] : operator === 'crossover' ? [pick(), pick()] : [pick()];
  const calls = 6 + Math.floor(random() * 20);
  return {
    id,
    operator,
    parents: [...new Set(parents)].slice(0, 2),
    origin: operator === 'human' ? 'person' : 'sampled',
    state: 'running',
    slot,
    ranOn: slot,
    seed: id,
    summary: '',
    idea: ideas[id % ideas.length] ?? '',
    author: priced ? 'gemini-3.1-pro-preview' : 'built-in researcher',
    createdAt: begin,
    endedAt: null,
    steps: calls,
    search: null,
    validation: null,
    test: null,
    failure: null,
    evaluation: [],
    suspiciouslyPerfect: false,
    ...(priced
      ? {
          spent: {
            ...nothingSpent,
            calls,
            input: calls * 9000,
            cachedInput: calls * 6000,
            output: calls * 700,
            thoughts: calls * 900,
            costUsd: calls * 0.003 * (0.5 + random()),
            estimatedCalls: random() < 0.05 ? 1 : 0,
          },
        }
      : {}),
  };
}

function finish(candidate: Candidate, earlier: readonly Candidate[], random: () => number, unsealed: boolean): void {
  const agentMs = candidate.operator === 'human' ? 0 : (1.5 + random() * 5) * minute;
  candidate.submittedAt = candidate.createdAt + agentMs;
  candidate.endedAt = candidate.submittedAt + (0.4 + random() * 2) * minute;
  candidate.slot = null;
  candidate.summary = `${ideas[candidate.id % ideas.length]}, number ${candidate.id}`;
  if (random() < 0.09) {
    candidate.state = 'failed';
    candidate.failure = {
      kind: 'program_error',
      message: 'Traceback (most recent call last):\n  ValueError: shapes do not match',
    };
    return;
  }
  candidate.state = 'scored';
  const inherited = candidate.parents.map((parent) => earlier[parent - 1]?.search?.value ?? 0.85);
  const from = Math.min(0.85, ...inherited);
  const wild = random() < 0.01;
  // Steps get smaller towards a floor, and most of them lead nowhere.
  const step = (random() - 0.72) * 0.25 * Math.max(0.02, from - 0.33);
  const value = wild ? from * 10 ** (2 + random() * 6) : Math.max(0.3, from + step + Math.abs(random() - 0.5) * 0.03);
  const score = (mean: number) => ({ value: mean, standardError: 0.012, rows: 1275 });
  candidate.search = score(value);
  candidate.evaluation = [{ split: 'pooled', exitCode: 0, durationMs: 30_000, peakMemoryMb: 812 }];
  if (!unsealed) return;
  candidate.validation = score(value + (random() - 0.4) * 0.03);
  candidate.test = score(value + (random() - 0.4) * 0.03);
}

function summarise(summary: RunSummary, candidates: readonly Candidate[], unsealed: boolean): void {
  const ended = candidates.filter(({ endedAt }) => endedAt !== null);
  const scored = ended.filter(({ search }) => search !== null);
  const best = scored.reduce<Candidate | null>(
    (found, one) => ((one.search?.value ?? 1e9) < (found?.search?.value ?? 1e9) ? one : found),
    null,
  );
  const last = Math.max(summary.createdAt, ...ended.slice(-400).map(({ endedAt }) => endedAt ?? 0));
  summary.activeMs = last - summary.createdAt;
  summary.counts = {
    created: candidates.length,
    running: candidates.length - ended.length,
    scored: scored.length,
    failed: ended.length - scored.length,
    abandoned: 0,
  };
  if (best?.search != null) {
    summary.bestSearch = {
      candidate: best.id,
      score: best.search,
      lead: { over: 1, difference: 0.04, standardError: 0.011, paired: true },
    };
    summary.clearBest = { candidate: best.id, score: best.search };
    summary.stagnation = { sinceBest: 7, sinceClearBest: 7 };
  }
  for (const { spent } of candidates) {
    if (spent === undefined) continue;
    for (const key of Object.keys(spent) as (keyof typeof spent)[])
      summary.spent = { ...summary.spent, [key]: summary.spent[key] + spent[key] };
  }
  if (!unsealed) return;
  summary.state = 'finished';
  summary.endedAt = last;
  summary.unsealed = true;
  summary.endReason = 'all candidates are made';
  summary.selected = best?.id ?? null;
}

/** Events that go on from a run: candidates come, spend, are submitted and scored, one after the other. */
export class SyntheticEvents {
  readonly #source: SeededRandom;
  #seq: number;
  #next: number;
  #at: number;
  #queue: RunEventBody[] = [];

  constructor({ lastSeq, candidates, summary }: DashboardReset, seed = 2) {
    this.#seq = lastSeq;
    this.#next = candidates.length + 1;
    this.#at = summary.createdAt + summary.activeMs;
    this.#source = new SeededRandom(seed);
  }

  /** How many candidates its events have started. */
  candidates = 0;

  /** @param perCandidate events of each candidate: many change what is there, few add to it */
  take(count: number, perCandidate = 5): RunEvent[] {
    return Array.from({ length: count }, () => {
      if (this.#queue.length === 0) this.#queue = this.#life(perCandidate);
      const body = this.#queue.shift();
      if (body === undefined) throw new Error('a life without events');
      this.#seq += 1;
      this.#at += 10;
      return { seq: this.#seq, at: this.#at, body };
    });
  }

  #life(perCandidate: number): RunEventBody[] {
    const id = this.#next;
    this.#next += 1;
    this.candidates += 1;
    const parent = 1 + Math.floor(this.#source.uniform() * (id - 1));
    const candidate = {
      ...born(id, this.#at, id % 4, [], () => this.#source.uniform(), true),
      operator: 'mutation' as const,
      parents: [parent],
    };
    const spent = (calls: number) => ({
      ...nothingSpent,
      calls,
      input: 9000 * calls,
      output: 700 * calls,
      costUsd: 0.01 * calls,
    });
    return [
      { type: 'candidate_started', candidate, request: null, generator: [] },
      { type: 'candidate_idea', id, idea: ideas[id % ideas.length] ?? '' },
      ...Array.from(
        { length: Math.max(0, perCandidate - 4) },
        (_, index): RunEventBody => ({
          type: 'candidate_spent',
          id,
          spent: spent(index + 1),
        }),
      ),
      { type: 'candidate_submitted', id, summary: `live ${id}`, steps: 9 },
      {
        type: 'candidate_scored',
        id,
        search: { value: 0.35 + this.#source.uniform() * 0.2, standardError: 0.012, rows: 1275 },
        evaluation: [],
        suspiciouslyPerfect: false,
      },
    ];
  }
}
