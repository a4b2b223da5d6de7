/**
 * `vscode:<id>`: a model that an attached VS Code offers. Without a window it is a provider that does not answer: agents are
 * parked, nothing fails, and the run goes on when the window is back.
 */
import {
  type ChatModel,
  ChatModelError,
  type ChatModelErrorKind,
  type GenerateRequest,
  type GenerateResponse,
  type MessagePart,
  type ModelInfo,
} from '../chatModel.ts';
import { estimatedUsage, promptCharacters } from '../usageEstimate.ts';
import { type EditorAnswer, type EditorFailure, EditorModelError, type EditorModels } from './editorModels.ts';

export const editorPrefix = 'vscode:';

/** The id that an editor knows the model by, or null for another provider's. */
export function editorModelId(id: string): string | null {
  const name = id.startsWith(editorPrefix) ? id.slice(editorPrefix.length) : '';
  return /^[\w.:/-]{1,200}$/.test(name) ? name : null;
}

export function createEditorModel(name: string, editors: EditorModels): ChatModel {
  const offered = editors.find(name);
  const id = `${editorPrefix}${name}`;
  const info: ModelInfo = {
    id,
    label: offered === null ? `${name} of VS Code` : `${offered.label} of VS Code`,
    isLanguageModel: true,
    contextTokens: offered?.maxInputTokens ?? null,
    quota: id,
    // Without a window there is nothing to count failures for; with one again there is nothing to wait for.
    breaker: { threshold: 1, firstWaitMs: 1000, longestWaitMs: 20_000 },
  };
  return { info, generate: (request) => generate(name, editors, request) };
}

async function generate(name: string, editors: EditorModels, request: GenerateRequest): Promise<GenerateResponse> {
  const { system, messages, tools, toolMode, signal } = request;
  const conversation = messages.map(({ role, parts }) => ({ role, parts }));
  let answer: EditorAnswer;
  try {
    answer = await editors.generate(name, { system, messages: conversation, tools, toolMode }, signal);
  } catch (error) {
    if (signal.aborted) throw new ChatModelError('aborted', 'the call was given up', { cause: error });
    if (error instanceof EditorModelError) throw new ChatModelError(kinds[error.kind], error.message, { cause: error });
    throw error;
  }
  const { parts } = answer;
  const calls = parts.some((part) => part.type === 'call');
  return {
    parts,
    finish: calls ? { kind: 'tool_calls', raw: 'tool_calls' } : { kind: 'stop', raw: 'stop' },
    usage: usageOf(request, answer),
    native: null,
    model: name,
    requestId: null,
  };
}

const kinds: Record<EditorFailure, ChatModelErrorKind> = {
  absent: 'network',
  failed: 'overloaded',
  // Only a person can change it: the run stops with the reason instead of asking again and again.
  no_permission: 'auth',
  quota: 'quota_exhausted',
  blocked: 'blocked',
  too_long: 'context_overflow',
};

function usageOf(request: GenerateRequest, { parts, inputTokens, outputTokens }: EditorAnswer) {
  const estimate = estimatedUsage(
    promptCharacters(request),
    parts.reduce((sum, part) => sum + charactersOf(part), 0),
  );
  if (inputTokens === null || outputTokens === null)
    return { ...estimate, input: inputTokens ?? estimate.input, output: outputTokens ?? estimate.output };
  return { input: inputTokens, cachedInput: 0, output: outputTokens, thoughts: 0 };
}

function charactersOf(part: MessagePart): number {
  return part.type === 'call' ? part.name.length + JSON.stringify(part.arguments ?? {}).length : part.text.length;
}
