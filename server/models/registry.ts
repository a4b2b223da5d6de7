/** Every model that `--model` can name. */
import type { ChatModel } from './chatModel.ts';
import type { ModelEnvironment } from './environment.ts';
import { createGeminiModel } from './gemini/index.ts';
import { createHeuristicModel } from './heuristic/index.ts';
import { createOpenAiModel } from './openai/index.ts';
import type { Wire } from './wire.ts';

/** What may stand after `--model`, for messages and help. */
export const modelChoices =
  '`heuristic` (built in, no key), `gemini:<name>`, e.g. `gemini:gemini-3.1-pro-preview` (needs GEMINI_API_KEY), or `openai:<name>@<url>` for a server that speaks like OpenAI (vLLM, llama.cpp, Ollama), e.g. `openai:qwen3-coder@http://localhost:8000/v1`';

/** A name after `--model` that stands for no model. */
export class UnknownModelError extends Error {
  override readonly name = 'UnknownModelError';
  readonly model: string;

  constructor(model: string) {
    super(`There is no model "${model}". Choose ${modelChoices}.`);
    this.model = model;
  }
}

const geminiName = /^(?:(?:models|tunedModels)\/)?[a-z0-9][a-z0-9._-]*$/i;

/**
 * @param id as typed after `--model`
 * @param environment where providers find their keys and endpoints
 * @param wire how its requests leave this process
 * @throws {UnknownModelError} if the id names none
 * @throws {ChatModelError} kind `auth` if the provider's key is missing; {ModelSettingError} if a URL cannot be used
 */
export function createModel(id: string, environment: ModelEnvironment, wire?: Wire): ChatModel {
  if (id === 'heuristic') return createHeuristicModel();
  const [provider, name] = split(id);
  if (provider === 'gemini' && geminiName.test(name)) return createGeminiModel(name, environment, undefined, wire);
  const other = provider === 'openai' ? createOpenAiModel(name, environment, undefined, wire) : null;
  if (other === null) throw new UnknownModelError(id);
  return other;
}

function split(id: string): [provider: string, name: string] {
  const colon = id.indexOf(':');
  return colon === -1 ? [id, ''] : [id.slice(0, colon), id.slice(colon + 1)];
}
