/** What the tests of the OpenAI-compatible provider share: a server, and a model that talks to it. */
import type { TestContext } from 'node:test';
import type { CallLimits } from '../../server/models/callDeadline.ts';
import type { ChatModel } from '../../server/models/chatModel.ts';
import { createOpenAiModel } from '../../server/models/openai/index.ts';
import { OpenAiServer, type OpenAiServerOptions } from './openaiServer.ts';

export { request, say, turnOf } from './geminiCalls.ts';

export const apiKey = 'sk-test-0123456789/+secret';

/** A server that ends with the test, and a model that knows only it. */
export async function connect(
  t: TestContext,
  options: OpenAiServerOptions = {},
  { limits, environment = {} }: { limits?: CallLimits; environment?: Record<string, string> } = {},
): Promise<{ server: OpenAiServer; model: ChatModel }> {
  const server = await OpenAiServer.start(options);
  t.after(() => server.close());
  const key = options.apiKey === undefined ? {} : { OPENAI_API_KEY: options.apiKey };
  const model = createOpenAiModel(server.modelId.slice('openai:'.length), { ...key, ...environment }, limits);
  if (model === null) throw new Error('The name of the test model was refused.');
  return { server, model };
}
