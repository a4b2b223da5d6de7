/**
 * Evaluations that a person asks for beside the search: the stored program again from a clean slate, with a seed that it has not
 * had, scored on the search split as the first time. Nothing sealed comes of them, nothing of them is kept but the score, and
 * the search draws none of their seeds: its sequence stays what it is.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueuedRequest } from '../../protocol/projection.ts';
import type { CandidateId, Repeat } from '../../protocol/run.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import type { Evaluator } from '../evaluation/evaluator.ts';
import { ProgramFolderError } from '../store/programFolder.ts';
import type { RunStore } from '../store/runStore.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import type { Activity } from './activities.ts';
import { executeOnce, interruptible } from './executeOnce.ts';
import { Generator } from './generator.ts';
import { KeptResults } from './keptResults.ts';
import { type CpuLimited, cpusOf } from './slotFacts.ts';
import type { Repeats, Repetition } from './work.ts';

export interface ReevaluationOptions {
  store: RunStore;
  task: CpuLimited;
  evaluator: Pick<Evaluator, 'evaluate'>;
  onActivity: (activity: Activity) => void;
}

/** Begins the ids of all executions of a candidate's evaluations but the first. */
export function repeatSession(id: CandidateId): string {
  return `r${id}`;
}

export class Reevaluations implements Repeats {
  readonly #options: ReevaluationOptions;
  /** What lanes are at. */
  readonly #atWork = new Set<{ request: string; id: CandidateId; seed: number }>();

  constructor(options: ReevaluationOptions) {
    this.#options = options;
  }

  get atWork(): number {
    return this.#atWork.size;
  }

  take(request: string, id: CandidateId, times: number): Repetition | null {
    const here = [...this.#atWork].filter((one) => one.request === request).length;
    if (here >= times) return null;
    const { store, onActivity } = this.#options;
    const taken = { request, id, seed: this.#freshSeed(id) };
    this.#atWork.add(taken);
    return {
      name: `evaluation of #${id} with seed ${taken.seed}, request ${request}`,
      perform: async (slot, signal) => {
        const activity = { candidate: id, slot: slot.index, again: true } as const;
        onActivity({ ...activity, doing: 'evaluating again' });
        try {
          await this.#perform(taken, slot, signal);
        } finally {
          onActivity({ ...activity, doing: null });
        }
      },
      drop: async (reason) => {
        await store.append({ type: 'request_dropped', request, reason });
      },
      release: () => this.#atWork.delete(taken),
    };
  }

  /** Removes what is left of evaluations that have come to their end, or that nobody takes up any more. */
  async sweep(): Promise<void> {
    const { view } = this.#options.store;
    const isOver = view.summary.state === 'stopping';
    const wanted = new Set(isOver ? [] : candidatesOf(view.pending));
    const repeated = [...view.candidates.values()].flatMap(({ id, repeats }) => (repeats === undefined ? [] : [id]));
    for (const id of new Set([...repeated, ...candidatesOf(view.pending), ...candidatesOf(view.dropped)])) {
      const folder = this.#folder(id);
      const seeds = view.candidates.get(id)?.repeats?.map(({ seed }) => String(seed)) ?? [];
      const done = wanted.has(id) ? seeds.map((seed) => join(folder, seed)) : [folder];
      for (const path of done) await rm(path, { recursive: true, force: true });
    }
  }

  /**
   * Each candidate has a sequence of its own, of which this is the first seed that nobody has had: after a restart those that
   * were cut off come again, and with them what a worker has computed meanwhile.
   */
  #freshSeed(id: CandidateId): number {
    const { summary, candidates } = this.#options.store.view;
    const { seed, repeats = [] } = candidates.get(id) ?? {};
    const had = new Set([seed, ...repeats.map((repeat) => repeat.seed)]);
    for (const other of this.#atWork) if (other.id === id) had.add(other.seed);
    const digest = createHash('sha256').update(`repeats of ${summary.config.seed}/${id}`).digest();
    const generator = Generator.seeded(digest.readInt32LE(0));
    for (;;) {
      const next = generator.seed();
      if (!had.has(next)) return next;
    }
  }

  async #perform(
    { request, id, seed }: { request: string; id: CandidateId; seed: number },
    slot: WorkerSlot,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, task, evaluator } = this.#options;
    const folder = join(this.#folder(id), String(seed));
    const kept = new KeptResults(join(folder, 'executions'), { isFirst: false });
    const { config } = store.view.summary;
    const program = await this.#program(id, request);
    if (program === null) return;
    try {
      const outcome = await interruptible(signal, () =>
        evaluator.evaluate({
          program,
          seed,
          cpus: cpusOf(slot, task),
          image: config.image,
          execIdPrefix: `${repeatSession(id)}-${seed}`,
          predictionsDirectory: join(folder, 'predictions'),
          searchOnly: true,
          selfReported: config.evaluation === 'self-reported',
          run: (execId, order) => executeOnce({ execId, request: order, slot, kept, signal }),
        }),
      );
      const repeat: Repeat = {
        seed,
        search: outcome.kind === 'scored' ? outcome.search : null,
        failure: outcome.kind === 'scored' ? null : outcome.failure,
        evaluation: outcome.runs,
      };
      await store.append({ type: 'candidate_reevaluated', id, request, ...repeat });
    } catch (error) {
      await kept.missed();
      throw error;
    }
    await kept.reached();
    // Its predictions are those of hidden rows, too: nothing is to be scored from them later.
    await rm(folder, { recursive: true, force: true });
  }

  /** @returns null if it is not there any more: the request is given up then, and the run goes on */
  async #program(id: CandidateId, request: string): Promise<ProgramFile[] | null> {
    const { store } = this.#options;
    try {
      return await store.readProgram(id);
    } catch (error) {
      if (!(error instanceof ProgramFolderError && error.isLasting)) throw error;
      await store.append({ type: 'request_dropped', request, reason: error.message });
      return null;
    }
  }

  #folder(id: CandidateId): string {
    return join(this.#options.store.candidatePaths(id).directory, 'repeats');
  }
}

function candidatesOf(requests: readonly QueuedRequest[]): CandidateId[] {
  return requests.flatMap(({ body }) => (body.kind === 'reevaluate' ? [body.candidate] : []));
}
