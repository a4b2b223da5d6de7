/** What the tests of the Gemini provider share: a server, a model that talks to it, and requests. */
import type { TestContext } from 'node:test';
import type { CallLimits } from '../../server/models/callDeadline.ts';
import type { ChatMessage, GenerateRequest, GenerateResponse } from '../../server/models/chatModel.ts';
import { probeContext } from '../../server/models/connectionTest.ts';
import { createGeminiModel, type GeminiModel } from '../../server/models/gemini/index.ts';
import { GeminiServer, type GeminiServerOptions } from './geminiServer.ts';

export const apiKey = 'test-key-0123456789/+secret';
export const modelName = 'gemini-3-pro-test';

const tools = ['bash', 'python', 'submit'].map((name) => ({
  name,
  description: `The tool ${name}.`,
  parameters: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
}));

export const say = (text: string): ChatMessage => ({ role: 'user', parts: [{ type: 'text', text }] });

export function request(messages: ChatMessage[], more: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    system: 'You are an agent.',
    messages,
    tools,
    toolMode: 'auto',
    maxOutputTokens: 1024,
    seed: 7,
    context: probeContext,
    signal: new AbortController().signal,
    ...more,
  };
}

/** The model's turn and a user turn that answers every call in it, as the loop would make them after a trip to disk. */
export function turnOf(response: GenerateResponse): ChatMessage[] {
  const results = response.parts.flatMap((part) =>
    part.type === 'call'
      ? [{ type: 'result' as const, callId: part.id, name: part.name, text: `result of ${part.name}`, isError: false }]
      : [],
  );
  const stored: unknown = JSON.parse(JSON.stringify(response.native));
  return [
    { role: 'model', parts: response.parts, native: stored },
    { role: 'user', parts: results },
  ];
}

/** A server that ends with the test, and a model that knows only it. */
export async function connect(
  t: TestContext,
  options: Partial<GeminiServerOptions> = {},
  limits?: CallLimits,
): Promise<{ server: GeminiServer; model: GeminiModel }> {
  const server = await GeminiServer.start({ apiKey, models: [modelName], ...options });
  t.after(() => server.close());
  const environment = { GEMINI_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: server.url };
  return { server, model: createGeminiModel(modelName, environment, limits) };
}
