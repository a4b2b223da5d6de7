/**
 * Keys of models. They lie in the editor's secret storage, one for each provider and machine, and are handed to that machine's
 * agent server at every connection: a key that was given for one machine goes to no other.
 */
import type * as vscode from 'vscode';
import { KeyProvider, type MachineFacts } from '../../../protocol/clientViews.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';

export const keyProviders: readonly KeyProvider[] = KeyProvider.options;

/** Variables in which the agent server finds keys by itself. */
const variables: { [P in KeyProvider]: readonly string[] } = {
  gemini: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  openai: ['OPENAI_API_KEY'],
};

export const providerNames: { [P in KeyProvider]: string } = { gemini: 'Google Gemini', openai: 'OpenAI' };

export class ModelKeys {
  readonly #secrets: vscode.SecretStorage;
  readonly #place: () => string;

  /** @param place which machine the present server is on; see `Route` */
  constructor(secrets: vscode.SecretStorage, place: () => string) {
    this.#secrets = secrets;
    this.#place = place;
  }

  /** Hands over what is known for this machine, now and at every new connection. */
  attach(client: AgentServerClient): void {
    client.keep(async () => {
      for (const provider of keyProviders) {
        const key = await this.get(provider);
        if (key !== undefined) await client.request('keys.set', { provider, key });
      }
    });
  }

  async get(provider: KeyProvider): Promise<string | undefined> {
    return this.#secrets.get(this.#name(provider));
  }

  async set(provider: KeyProvider, key: string, client: AgentServerClient | null): Promise<void> {
    await this.#secrets.store(this.#name(provider), key);
    await client?.request('keys.set', { provider, key });
  }

  async remove(provider: KeyProvider, client: AgentServerClient | null): Promise<void> {
    await this.#secrets.delete(this.#name(provider));
    await client?.request('keys.set', { provider, key: null });
  }

  /** Providers for which a key is known, here or in the server's environment. */
  async known(machine: MachineFacts | null): Promise<KeyProvider[]> {
    const known: KeyProvider[] = [];
    for (const provider of keyProviders) {
      const inEnvironment = variables[provider].some((name) => machine?.keyVariables.includes(name) === true);
      if (inEnvironment || (await this.get(provider)) !== undefined) known.push(provider);
    }
    return known;
  }

  #name(provider: KeyProvider): string {
    return `aira2.key.${provider}@${this.#place()}`;
  }
}

/** The provider whose key this model needs; null: none, or a server of the person's own that may need none. */
export function providerOf(model: string): KeyProvider | null {
  if (model.startsWith('gemini:')) return 'gemini';
  return model.startsWith('openai:') && !model.includes('@') ? 'openai' : null;
}
