/**
 * What kind of server is behind a URL, and how long a context it gives. Ollama is told apart because its `/v1` interface
 * takes no context length and cuts prompts from the front, without a word, at a default that is often 4,096 tokens
 * (ollama#18107): its own interface is used instead. llama.cpp imitates Ollama's paths, but not `/api/version`.
 */
import * as z from 'zod';
import { ChatModelError } from '../chatModel.ts';
import type { OpenAiSettings } from './settings.ts';

export type ModelServer =
  | { kind: 'openai'; contextTokens: number | null }
  /** `contextTokens` is what every request asks for. */
  | { kind: 'ollama'; contextTokens: number };

/** Asked of Ollama unless OPENAI_CONTEXT_TOKENS says otherwise: agents' prompts grow past smaller ones. */
const ollamaContextTokens = 32_768;
const askMs = 5000;

const Version = z.looseObject({ version: z.string() });
const Show = z.looseObject({
  model_info: z.record(z.string(), z.unknown()).nullish(),
  capabilities: z.array(z.string()).nullish(),
});
const Models = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), max_model_len: z.number().int().positive().nullish() })),
});
const Props = z.looseObject({
  default_generation_settings: z.looseObject({ n_ctx: z.number().int().positive().nullish() }).nullish(),
});

/**
 * @throws {ChatModelError} `bad_request` if Ollama does not have the model or the model cannot call tools
 * @throws whatever fetch throws if nobody answers
 */
export async function askModelServer(settings: OpenAiSettings, send: typeof fetch): Promise<ModelServer> {
  const { baseUrl, contextTokens, isHosted } = settings;
  if (isHosted) return { kind: 'openai', contextTokens };
  const url = new URL(baseUrl);
  const ask = (path: string, init: RequestInit = {}) => answerOf(settings, send, `${url.origin}${path}`, init);
  if (url.pathname === '/v1') {
    const version = await ask('/api/version');
    if (version.status === 200 && Version.safeParse(version.body).success) return ollama(settings, ask);
  }
  return { kind: 'openai', contextTokens: contextTokens ?? (await contextLength(settings, send, ask)) };
}

type Ask = (path: string, init?: RequestInit) => Promise<{ status: number; body: unknown }>;

async function ollama({ model, contextTokens }: OpenAiSettings, ask: Ask): Promise<ModelServer> {
  const { status, body } = await ask('/api/show', { method: 'POST', body: JSON.stringify({ model }) });
  const show = Show.safeParse(body);
  if (status === 404 || !show.success)
    throw new ChatModelError('bad_request', `Ollama has no model "${model}". Get it with: ollama pull ${model}`, {
      status: 404,
    });
  const { capabilities, model_info: info } = show.data;
  if (capabilities != null && !capabilities.includes('tools'))
    throw new ChatModelError(
      'bad_request',
      `Ollama says that ${model} cannot call tools (it can: ${capabilities.join(', ')}). Choose a model that can.`,
    );
  const wanted = contextTokens ?? ollamaContextTokens;
  const trained = Object.entries(info ?? {}).find(([key]) => key.endsWith('.context_length'))?.[1];
  return { kind: 'ollama', contextTokens: typeof trained === 'number' ? Math.min(wanted, trained) : wanted };
}

/** vLLM tells it with its models, llama.cpp with its properties; null where neither is answered. */
async function contextLength(settings: OpenAiSettings, send: typeof fetch, ask: Ask): Promise<number | null> {
  const models = Models.safeParse((await answerOf(settings, send, `${settings.baseUrl}/models`)).body);
  const own = models.success ? models.data.data.find(({ id }) => id === settings.model) : undefined;
  if (own?.max_model_len != null) return own.max_model_len;
  const props = Props.safeParse((await ask('/props')).body);
  return props.success ? (props.data.default_generation_settings?.n_ctx ?? null) : null;
}

async function answerOf(
  { apiKey }: OpenAiSettings,
  send: typeof fetch,
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; body: unknown }> {
  const headers: Record<string, string> = { accept: 'application/json', 'content-type': 'application/json' };
  if (apiKey !== null) headers.authorization = `Bearer ${apiKey}`;
  const response = await send(url, { ...init, headers, signal: AbortSignal.timeout(askMs), redirect: 'error' });
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch (error) {
    // A page or nothing: the server does not know this path.
    if (error instanceof SyntaxError) return { status: response.status, body: null };
    throw error;
  }
}
