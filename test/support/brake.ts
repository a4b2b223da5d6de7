/**
 * Holds a model's answers back from the moment at which a run has come so far: what a test then does to the live run comes
 * before its end, however slow the machine is.
 */
import type { RunView } from '../../protocol/projection.ts';
import { listRunIds, readRun } from '../../server/store/runStore.ts';

export class Brake {
  readonly #released = Promise.withResolvers<void>();
  readonly #home: string;
  readonly #known: readonly string[];
  readonly #isThere: (view: RunView) => boolean;
  #isReleased = false;

  /**
   * @param known runs of this home before the one that is to be held
   * @param isThere whether it is to be held now
   */
  constructor(home: string, known: readonly string[], isThere: (view: RunView) => boolean) {
    this.#home = home;
    this.#known = known;
    this.#isThere = isThere;
  }

  /** To be awaited before each answer. */
  readonly pass = async (): Promise<void> => {
    if (this.#isReleased) return;
    const run = (await listRunIds(this.#home)).find((id) => !this.#known.includes(id));
    if (run !== undefined && this.#isThere((await readRun(this.#home, run)).view)) await this.#released.promise;
  };

  release(): void {
    this.#isReleased = true;
    this.#released.resolve();
  }
}
