/** The governors of this process, one for each quota (provider, key and model), shared by all runs that draw on it. */
import type { CallRates } from '../../../protocol/cost.ts';
import { Governor, type GovernorSettings, type Place } from './governor.ts';

export class SharedGovernors {
  readonly #settings: Partial<GovernorSettings>;
  readonly #governors = new Map<string, Governor>();

  constructor(settings: Partial<GovernorSettings> = {}) {
    this.#settings = settings;
  }

  /**
   * A place at the quota's governor, to be left when the run ends. What a governor has learnt of its provider outlives its
   * last run for some minutes: the next one need not find out again.
   * @param breaker as the model's provider has it, the same for all of its quota
   */
  join(quota: string, rates: CallRates = {}, breaker: GovernorSettings['breaker'] = {}): Place {
    for (const [name, governor] of this.#governors) if (governor.isForgettable) this.#governors.delete(name);
    return this.#governorOf(quota, breaker).join(rates);
  }

  /** Has the governor of a quota, if there is one, see whether its provider is back. */
  tryAgain(quota: string): void {
    this.#governors.get(quota)?.tryAgain();
  }

  #governorOf(quota: string, breaker: GovernorSettings['breaker']): Governor {
    const known = this.#governors.get(quota);
    if (known !== undefined) return known;
    const governor = new Governor({ ...this.#settings, breaker });
    this.#governors.set(quota, governor);
    return governor;
  }
}

export const sharedGovernors = new SharedGovernors();
