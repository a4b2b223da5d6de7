/**
 * Opens the hidden splits of a run: at its end, with the selection that rests on them, or before, where a person insists. Both
 * score predictions that were kept; before that no sealed score exists anywhere (invariant 2).
 */
import type { CandidateId } from '../../protocol/run.ts';
import type { Evaluator } from '../evaluation/evaluator.ts';
import { selectBySearch, selectFinal } from '../evaluation/selection.ts';
import { type Unsealing, unsealAll } from '../evaluation/unsealing.ts';
import { RequestRefusedError } from '../search/requests.ts';
import type { RunStore } from '../store/runStore.ts';

export class RunUnsealing {
  readonly #store: RunStore;
  readonly #evaluator: Pick<Evaluator, 'unseal'>;
  /** One at a time: what a person asks for before the end must not be told after it. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(store: RunStore, evaluator: Pick<Evaluator, 'unseal'>) {
    this.#store = store;
    this.#evaluator = evaluator;
  }

  /**
   * Opens validation and test scores of all candidates scored so far; those that come later stay sealed until the end. The run
   * is marked for good in the same event. A crash before it leaves everything sealed.
   * @throws {RequestRefusedError} if that has been done already, or there is nothing to open
   */
  early(): Promise<void> {
    return this.#inTurn(async () => {
      const { id, unsealed } = this.#store.view.summary;
      if (unsealed) throw new RequestRefusedError(alreadyOpen(this.#store));
      const { scores, caveats } = await this.#score();
      if (scores.length === 0)
        throw new RequestRefusedError(`No candidate of run ${id} has been scored yet: there is nothing to unseal.`);
      await this.#tell({ scores, caveats }, { selected: null, early: true });
    });
  }

  /**
   * Scores the hidden splits of all candidates and selects by validation (§3.3, decoupled selection), by the search score where
   * programs report their own. What a person has excluded is scored, too, but not selected.
   */
  atEnd(): Promise<void> {
    return this.#inTurn(async () => {
      const { config, metric } = this.#store.view.summary;
      const unsealing = await this.#score();
      const select = config.evaluation === 'self-reported' ? selectBySearch : selectFinal;
      const eligible = unsealing.scores.filter(({ id }) => this.#store.view.candidates.get(id)?.excluded !== true);
      await this.#tell(unsealing, { selected: select(eligible, metric.direction)?.id ?? null, early: false });
    });
  }

  #score(): Promise<Unsealing> {
    const { view } = this.#store;
    const selfReported = view.summary.config.evaluation === 'self-reported';
    const scored = [...view.candidates.values()].filter(({ state }) => state === 'scored');
    return unsealAll(scored, (id) =>
      this.#evaluator.unseal({ predictionsDirectory: this.#store.candidatePaths(id).predictions, selfReported }),
    );
  }

  async #tell({ scores, caveats }: Unsealing, how: { selected: CandidateId | null; early: boolean }): Promise<void> {
    for (const text of caveats) await this.#store.append({ type: 'caveat', text });
    await this.#store.append({
      type: 'unsealed',
      scores: scores.map(({ search: _, ...unsealed }) => unsealed),
      ...how,
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}

function alreadyOpen({ view: { summary, decided } }: RunStore): string {
  if (decided) return `Run ${summary.id} has ended: its scores are open.`;
  return `Run ${summary.id} has been unsealed already, once and for all: candidates that were scored since then are opened at the end.`;
}
