/** A key in this terminal's environment counts for what is started here, also where the agent server was started elsewhere. */
import type { KeyProvider } from '../../protocol/clientViews.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';

const variables: Record<KeyProvider, readonly string[]> = {
  gemini: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'],
  openai: ['OPENAI_API_KEY'],
};

/** @param model as typed after `--model` */
export async function handOverKey(client: AgentServerClient, model: string): Promise<void> {
  for (const provider of ['gemini', 'openai'] as const) {
    if (!model.startsWith(`${provider}:`)) continue;
    const name = variables[provider].find((one) => (process.env[one] ?? '') !== '');
    const key = name === undefined ? undefined : process.env[name];
    if (key !== undefined) await client.request('keys.set', { provider, key });
  }
}
