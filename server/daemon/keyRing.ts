/** Model keys that clients hand over: for this server's life, in memory only. They stand in for those of its environment. */
import type { KeyProvider } from '../../protocol/clientViews.ts';
import { keyVariables } from '../api/doctor.ts';
import type { ModelEnvironment } from '../models/environment.ts';

/** Variables of a provider; the first gets the key, the others must not be found before it. */
const variablesOf: Record<KeyProvider, readonly [string, ...string[]]> = {
  gemini: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  openai: ['OPENAI_API_KEY'],
};

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
      const [first, ...others] = variablesOf[provider];
      environment[first] = key;
      for (const name of others) delete environment[name];
    }
    return environment;
  }

  /** Names of the variables that hold a key now. */
  names(): string[] {
    const environment = this.environment();
    return keyVariables.filter((name) => (environment[name] ?? '') !== '');
  }
}
