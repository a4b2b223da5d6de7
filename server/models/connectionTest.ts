/**
 * One small call that a run's calls will resemble: it shows that the key is valid, the model exists, and tools can be called.
 * Costs about a hundred tokens.
 */
import type { Usage } from '../../protocol/trajectory.ts';
import { type ChatModel, ChatModelError, type GenerateRequest } from './chatModel.ts';
import type { OperatorContext } from './operatorContext.ts';
import { withRetries } from './retry.ts';

/** Room for the thoughts of models that cannot be told not to think. */
const maxOutputTokens = 2048;

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
}

export interface ConnectionTestOptions {
  signal: AbortSignal;
  /** Milliseconds for the call and for waiting out a busy provider. */
  deadlineMs?: number;
}

/**
 * Calls the model once, with patience for an overloaded provider. The built-in heuristic has nothing to test.
 * @returns null for a model that needs no connection
 * @throws {ChatModelError} what is wrong, and what to do; kind `malformed` if the model answers without calling the tool
 */
export async function testConnection(
  model: ChatModel,
  options: ConnectionTestOptions,
): Promise<ConnectionReport | null> {
  if (!model.info.isLanguageModel) return null;
  const deadlineMs = options.deadlineMs ?? 60_000;
  const late = AbortSignal.timeout(deadlineMs);
  const signal = AbortSignal.any([options.signal, late]);
  const began = performance.now();
  try {
    const response = await withRetries(() => model.generate(probe(signal)), { signal, deadlineMs });
    const called = response.parts.some((part) => part.type === 'call' && part.name === probeTool.name);
    if (!called)
      throw new ChatModelError(
        'malformed',
        `${model.info.label} answers, but did not call the tool it had to call (${response.finish.raw}). Choose a model that can call tools.`,
      );
    return { model: response.model, durationMs: performance.now() - began, usage: response.usage };
  } catch (error) {
    if (ChatModelError.is(error) && error.kind === 'aborted' && late.aborted && !options.signal.aborted)
      throw new ChatModelError('timeout', `${model.info.label} did not answer within ${deadlineMs / 1000} s.`, {
        cause: error,
      });
    throw error;
  }
}

function probe(signal: AbortSignal): GenerateRequest {
  return {
    system: 'You test a connection. Call the tool.',
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Call `confirm` with the word "ready".' }] }],
    tools: [probeTool],
    toolMode: 'required',
    maxOutputTokens,
    seed: 1,
    context: probeContext,
    signal,
  };
}
