/** A request as the bodies of `/v1/chat/completions` and of Ollama's `/api/chat`. Pure. */
import type { GenerateRequest, ToolSpec } from '../chatModel.ts';
import { promptCharacters } from '../usageEstimate.ts';
import { ollamaMessages, openAiMessages, turnsOf } from './messages.ts';
import type { OpenAiSettings } from './settings.ts';

const largestSeed = 0x7fff_ffff;
/** Pessimistic: an answer that is asked for in full must fit beside the prompt, or vLLM refuses the request. */
const charactersPerToken = 3;
const smallestAnswer = 512;

const toolsOf = (tools: readonly ToolSpec[]) =>
  tools.map(({ name, description, parameters }) => ({ type: 'function', function: { name, description, parameters } }));

/** What remains of the context for the answer, and never more than was asked for. */
export function answerTokens(request: GenerateRequest, contextTokens: number | null): number {
  if (contextTokens === null) return request.maxOutputTokens;
  const prompt = Math.ceil(promptCharacters(request) / charactersPerToken);
  const room = contextTokens - prompt - 64;
  return Math.min(request.maxOutputTokens, Math.max(room, smallestAnswer, Math.floor(contextTokens / 8)));
}

export function openAiBody(
  request: GenerateRequest,
  { model, isHosted, contextTokens }: Pick<OpenAiSettings, 'model' | 'isHosted' | 'contextTokens'>,
): Record<string, unknown> {
  const { system, messages, tools, toolMode, seed } = request;
  const offered = { tools: toolsOf(tools), tool_choice: toolMode };
  return {
    model,
    messages: openAiMessages(system, turnsOf(messages, model)),
    // OpenAI's reasoning models refuse the older name, other servers may not know the newer one.
    [isHosted ? 'max_completion_tokens' : 'max_tokens']: answerTokens(request, contextTokens),
    seed: seed % largestSeed,
    stream: true,
    stream_options: { include_usage: true },
    ...(tools.length === 0 ? {} : offered),
  };
}

/** Ollama knows no tool choice: with `none` the tools are left out, with `required` the words of the prompt must do. */
export function ollamaBody(
  request: GenerateRequest,
  { model, contextTokens }: { model: string; contextTokens: number | null },
): Record<string, unknown> {
  const { system, messages, tools, toolMode, seed } = request;
  return {
    model,
    messages: ollamaMessages(system, turnsOf(messages, model)),
    stream: true,
    // An error instead of a prompt that lost its beginning. Older versions do not know these two and ignore them.
    truncate: false,
    shift: false,
    keep_alive: '30m',
    options: {
      num_ctx: contextTokens,
      num_predict: answerTokens(request, contextTokens),
      seed: seed % largestSeed,
    },
    ...(tools.length === 0 || toolMode === 'none' ? {} : { tools: toolsOf(tools) }),
  };
}
