/**
 * Of this terminal's environment what counts for all that is started here, also where the agent server was started elsewhere: the
 * key, and whose key it is.
 */
import type { KeyProvider } from '../../protocol/clientViews.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';
import { openAiName } from '../models/openai/settings.ts';

const variables: Record<KeyProvider, readonly string[]> = {
  gemini: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'],
  openai: ['OPENAI_API_KEY'],
};

/** @param model as typed after `--model` @returns it with the server that this terminal's environment names, if it names none */
export function withItsServer(model: string, environment: NodeJS.ProcessEnv = process.env): string {
  const url = environment.OPENAI_BASE_URL?.trim() ?? '';
  if (url === '' || !model.startsWith('openai:')) return model;
  const name = openAiName(model.slice('openai:'.length));
  return name === null || name.url !== null ? model : `${model}@${url}`;
}

/** @param model as typed after `--model` */
export async function handOverKey(client: AgentServerClient, model: string): Promise<void> {
  for (const provider of ['gemini', 'openai'] as const) {
    if (!model.startsWith(`${provider}:`)) continue;
    const name = variables[provider].find((one) => (process.env[one] ?? '') !== '');
    const key = name === undefined ? undefined : process.env[name];
    if (key !== undefined) await client.request('keys.set', { provider, key });
  }
}
