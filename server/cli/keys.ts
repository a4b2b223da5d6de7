/**
 * Of this terminal's environment what counts for all that is started here, also where the agent server was started elsewhere: the
 * key, and whose key it is.
 */
import { KeyProvider, keyVariables } from '../../protocol/clientViews.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';
import { withServer } from '../models/openai/settings.ts';

/**
 * @param model as typed after `--model`
 * @returns it with the server that this terminal's key is for: what the agent server's own variables name is not meant
 */
export function withItsServer(model: string, environment: NodeJS.ProcessEnv = process.env): string {
  const url = environment.OPENAI_BASE_URL?.trim() ?? '';
  if (url !== '') return withServer(model, url);
  return (environment.OPENAI_API_KEY ?? '') === '' ? model : withServer(model);
}

/** @param model as typed after `--model` */
export async function handOverKey(client: AgentServerClient, model: string): Promise<void> {
  for (const provider of KeyProvider.options) {
    if (!model.startsWith(`${provider}:`)) continue;
    const name = keyVariables[provider].find((one) => (process.env[one] ?? '') !== '');
    const key = name === undefined ? undefined : process.env[name];
    if (key !== undefined) await client.request('keys.set', { provider, key });
  }
}
