/**
 * Calls that a run's calls will resemble. A small one shows that the key is valid, the model exists and tools can be called,
 * for about a hundred tokens. Where a server may cut long prompts without saying so, a long one shows that it does not.
 */
import type { Usage } from '../../protocol/trajectory.ts';
import { type ChatModel, ChatModelError, type GenerateRequest, type GenerateResponse } from './chatModel.ts';
import { type Canary, canaryOf, outcomeOf } from './longPromptCanary.ts';
import type { OperatorContext } from './operatorContext.ts';
import { withRetries } from './retry.ts';

/** Room for the thoughts of models that cannot be told not to think. */
const maxOutputTokens = 2048;
/** Agents' prompts reach this within a few steps: task, data card, a parent's program, some outputs. */
const neededContextTokens = 16_384;
/** Below this not even the first prompt fits beside an answer. */
const leastContextTokens = 8192;
/** A local server on CPUs reads some hundred tokens a second. */
const longDeadlineMs = 300_000;

const probeTool = {
  name: 'confirm',
  description: 'Confirms that tools can be called.',
  parameters: {
    type: 'object',
    properties: { word: { type: 'string', description: 'The word you were given.' } },
    required: ['word'],
  },
};

/** A request carries the operator's context; this one belongs to no task. */
export const probeContext: OperatorContext = {
  operator: 'draft',
  task: {
    id: 'connection-test',
    title: 'Connection test',
    modality: 'other',
    description: '',
    warnings: [],
    dataCard: '',
    metric: { name: 'none', direction: 'maximize', optimum: null },
    prediction: {
      file: 'predictions.csv',
      format: 'csv',
      align: 'id',
      columns: [{ name: 'id', role: 'id', dtype: 'string' }],
      max_bytes: 1,
    },
    target: [],
    horizon: null,
    view: 'pooled',
    run: ['true'],
  },
  hardware: { cpus: 1, memoryMb: 1, gpu: null },
  limits: { toolTimeoutS: 1, evaluationTimeoutS: 1, trajectoryS: 1, maxSteps: 1 },
  parents: [],
  lineage: [],
  siblings: [],
  inFlight: [],
  leaders: [],
  draftIndex: 0,
  populationSize: 0,
  guidance: null,
};

export interface ConnectionReport {
  /** The model that answered, as the provider names it. */
  model: string;
  durationMs: number;
  usage: Usage;
  /** Tokens of the long prompt that came through whole, about; null where none had to be tried. */
  longPromptTokens: number | null;
}

export interface ConnectionTestOptions {
  signal: AbortSignal;
  /** Milliseconds for the small call and for waiting out a busy provider. */
  deadlineMs?: number;
  /** Length of the long prompt. Default: what a run needs, or what the server has if that is less. */
  longPromptTokens?: number;
}

/**
 * Calls the model, with patience for an overloaded provider. The built-in heuristic has nothing to test.
 * @returns null for a model that needs no connection
 * @throws {ChatModelError} what is wrong, and what to do; kind `malformed` if the model answers without calling the tool,
 *   `context_overflow` if long prompts do not come through whole
 */
export async function testConnection(
  model: ChatModel,
  options: ConnectionTestOptions,
): Promise<ConnectionReport | null> {
  if (!model.info.isLanguageModel) return null;
  const began = performance.now();
  const small = probe('Call `confirm` with the word "ready".', 'required');
  const response = await ask(model, small, options.deadlineMs ?? 60_000, options.signal);
  const called = response.parts.some((part) => part.type === 'call' && part.name === probeTool.name);
  if (!called)
    throw new ChatModelError(
      'malformed',
      `${model.info.label} answers, but did not call the tool it had to call (${response.finish.raw}). Choose a model that can call tools.`,
    );
  const longPromptTokens = await tryLongPrompt(model, options);
  return { model: response.model, durationMs: performance.now() - began, usage: response.usage, longPromptTokens };
}

async function tryLongPrompt(model: ChatModel, options: ConnectionTestOptions): Promise<number | null> {
  const { label, contextTokens, mayTruncate = false } = model.info;
  if (!mayTruncate) return null;
  if (contextTokens !== null && contextTokens < leastContextTokens)
    throw new ChatModelError(
      'context_overflow',
      `${label} reads ${contextTokens} tokens at most; agents need ${leastContextTokens} at the very least, better ${4 * leastContextTokens} or more. ${advice}`,
    );
  const room = (contextTokens ?? Number.POSITIVE_INFINITY) - maxOutputTokens - 512;
  const canary = canaryOf(options.longPromptTokens ?? Math.min(neededContextTokens, room));
  // Left to choose, as in a run: some servers need a flag for that which they do not need to force a call.
  const response = await ask(model, probe(canary.prompt, 'auto'), longDeadlineMs, options.signal);
  const outcome = outcomeOf(canary, response);
  if (outcome.kind === 'came_back') return canary.tokens;
  throw new ChatModelError('context_overflow', explain(label, canary, outcome));
}

const advice =
  'Give the server a longer context: Ollama: OPENAI_CONTEXT_TOKENS=32768 here and a model with such a context there; llama.cpp: -c 32768 (for each of its parallel slots); vLLM: --max-model-len 32768.';

function explain(
  label: string,
  { tokens }: Canary,
  outcome: Exclude<ReturnType<typeof outcomeOf>, { kind: 'came_back' }>,
): string {
  if (outcome.kind === 'forgotten')
    return `${label} read a prompt of about ${tokens} tokens whole, but could not repeat a word from its first line. Choose a model that can work with long prompts.`;
  const read = outcome.read === null ? '' : ` (it read ${outcome.read} of about ${tokens} tokens)`;
  return `The server of ${label} loses the beginning of long prompts without saying so${read}: a word in the first line of about ${tokens} tokens did not come back. An agent would forget its task in the middle of its work. ${advice}`;
}

async function ask(
  model: ChatModel,
  request: Omit<GenerateRequest, 'signal'>,
  deadlineMs: number,
  cancelled: AbortSignal,
): Promise<GenerateResponse> {
  const late = AbortSignal.timeout(deadlineMs);
  const signal = AbortSignal.any([cancelled, late]);
  try {
    return await withRetries(() => model.generate({ ...request, signal }), { signal, deadlineMs });
  } catch (error) {
    if (ChatModelError.is(error) && error.kind === 'aborted' && late.aborted && !cancelled.aborted)
      throw new ChatModelError('timeout', `${model.info.label} did not answer within ${deadlineMs / 1000} s.`, {
        cause: error,
      });
    throw error;
  }
}

function probe(text: string, toolMode: 'required' | 'auto'): Omit<GenerateRequest, 'signal'> {
  return {
    system: 'You test a connection. Call the tool.',
    messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
    tools: [probeTool],
    toolMode,
    maxOutputTokens,
    seed: 1,
    context: probeContext,
  };
}
