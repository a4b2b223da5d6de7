/** Model keys that clients hand over: for this server's life, in memory only. They stand in for those of its environment. */
import { type KeyProvider, keyVariables } from '../../protocol/clientViews.ts';
import type { ModelEnvironment } from '../models/environment.ts';

export class KeyRing {
  readonly #own: ModelEnvironment;
  readonly #given = new Map<KeyProvider, string>();

  constructor(own: ModelEnvironment) {
    this.#own = own;
  }

  set(provider: KeyProvider, key: string | null): void {
    if (key === null) this.#given.delete(provider);
    else this.#given.set(provider, key);
  }

  /** Where providers look for their keys and endpoints. */
  environment(): ModelEnvironment {
    const environment: Record<string, string | undefined> = { ...this.#own };
    for (const [provider, key] of this.#given) {
      // The first is looked at first.
      environment[keyVariables[provider][0]] = key;
    }
    return environment;
  }

  /** Names of the variables that hold a key now. */
  names(): string[] {
    const environment = this.environment();
    return Object.values(keyVariables)
      .flat()
      .filter((name) => (environment[name] ?? '') !== '');
  }
}
