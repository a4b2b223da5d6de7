/** Writes a provider's outages into the run, so that its clock stands still and everybody who looks knows why. */
import type { Logger } from 'pino';
import type { Governor, ProviderState } from '../models/governor/governor.ts';
import type { RunStore } from '../store/runStore.ts';

export class ProviderWatch {
  readonly #store: RunStore;
  readonly #log: Logger;
  readonly #unsubscribe: () => void;
  #writing: Promise<void> = Promise.resolve();

  private constructor(governor: Governor, store: RunStore, log: Logger) {
    this.#store = store;
    this.#log = log;
    this.#unsubscribe = governor.subscribe((state) => this.#tell(state));
  }

  /** A run that begins in the middle of an outage is told of it at once. */
  static async start(governor: Governor, store: RunStore, log: Logger): Promise<ProviderWatch> {
    const watch = new ProviderWatch(governor, store, log);
    const { state } = governor.status();
    if (state.kind === 'outage' || store.view.summary.outage !== null) watch.#tell(state);
    await watch.#writing;
    return watch;
  }

  /** Resolves when all that was heard is on disk. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#writing;
  }

  #tell(state: ProviderState): void {
    this.#writing = this.#writing
      .then(async () => {
        const { outage } = this.#store.view.summary;
        if (state.kind === 'outage' && outage === null) {
          this.#log.warn({ reason: state.reason }, 'the model provider does not answer: agents are parked');
          await this.#store.append({ type: 'provider_outage', reason: state.reason });
        } else if (state.kind === 'ok' && outage !== null) {
          this.#log.info('the model provider answers again');
          await this.#store.append({ type: 'provider_recovered' });
        }
      })
      .catch((error: unknown) => this.#log.error({ err: error }, 'an outage was not stored'));
  }
}
