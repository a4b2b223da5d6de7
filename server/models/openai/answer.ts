/** Puts the chunks of one streamed answer together, of `/v1/chat/completions` and of Ollama's `/api/chat` alike. */
import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Usage } from '../../../protocol/trajectory.ts';
import type { Caller, GenerateRequest, GenerateResponse, MessagePart } from '../chatModel.ts';
import { estimatedUsage, promptCharacters } from '../usageEstimate.ts';
import { finishOf } from './finish.ts';
import { type NativeMessage, parsedArguments } from './nativeMessage.ts';

const text = z.string().nullish();
/** Tokens; what cannot be a count counts as not said. */
const count = z.number().nonnegative().max(1e12).nullish().catch(null);
const whole = (value: number | null | undefined) => Math.round(value ?? 0);

const CallDelta = z.looseObject({
  index: z.number().nullish(),
  id: text,
  function: z
    .looseObject({ name: text, arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish() })
    .nullish(),
});

/** A message, whole or as a piece. */
const Delta = z.looseObject({
  content: text,
  reasoning_content: text,
  reasoning: text,
  thinking: text,
  tool_calls: z.array(CallDelta).nullish(),
});

export const Chunk = z.looseObject({
  id: text,
  model: text,
  choices: z.array(z.looseObject({ delta: Delta.nullish(), message: Delta.nullish(), finish_reason: text })).nullish(),
  usage: z
    .looseObject({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: z.looseObject({ cached_tokens: count }).nullish(),
      completion_tokens_details: z.looseObject({ reasoning_tokens: count }).nullish(),
      prompt_cache_hit_tokens: count,
    })
    .nullish(),
  timings: z.looseObject({ cache_n: count }).nullish(),
});
export type Chunk = z.infer<typeof Chunk>;

export const OllamaChunk = z.looseObject({
  model: text,
  message: Delta.nullish(),
  done: z.boolean().nullish(),
  done_reason: text,
  prompt_eval_count: count,
  eval_count: count,
});
export type OllamaChunk = z.infer<typeof OllamaChunk>;

interface CallInPieces {
  index: number | null;
  serverId: string | null;
  name: string;
  arguments: string;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The same whenever the same call is made again, as in a replay; unique in a trajectory. */
function callId(caller: Caller | undefined, index: number): string {
  const named = caller === undefined ? randomUUID() : `${caller.agent} ${caller.step} ${caller.attempt}`;
  const digest = createHash('sha256').update(`${named} ${index}`).digest();
  return Array.from(digest.subarray(0, 9), (byte) => letters[byte % letters.length]).join('');
}

/** Collects chunks; `response` is what they amount to so far. */
export class Answer {
  readonly #model: string;
  readonly #request: GenerateRequest;
  readonly #calls: CallInPieces[] = [];
  #text = '';
  #reasoning: NativeMessage['reasoning'] = null;
  #finish: string | null = null;
  #usage: Usage | null = null;
  #answeredBy: string | null = null;
  #requestId: string | null = null;

  /** @param model the name that was asked for */
  constructor(model: string, request: GenerateRequest) {
    this.#model = model;
    this.#request = request;
  }

  /** What the server has counted so far; null if it has not said. */
  get usage(): Usage | null {
    return this.#usage;
  }

  /** Characters that came, thoughts and arguments included. */
  get #characters(): number {
    const inCalls = this.#calls.reduce((sum, call) => sum + call.name.length + call.arguments.length, 0);
    return this.#text.length + (this.#reasoning?.text.length ?? 0) + inCalls;
  }

  add(chunk: Chunk): void {
    // The chunk that carries the usage has no choices.
    const choice = chunk.choices?.[0];
    const delta = choice?.delta ?? choice?.message;
    this.#addDelta(delta ?? {});
    this.#finish = choice?.finish_reason || this.#finish;
    this.#answeredBy = chunk.model || this.#answeredBy;
    this.#requestId = chunk.id || this.#requestId;
    if (chunk.usage != null) this.#usage = usageOf(chunk.usage, chunk.timings?.cache_n ?? 0);
  }

  addOllama(chunk: OllamaChunk): void {
    this.#addDelta(chunk.message ?? {});
    this.#answeredBy = chunk.model || this.#answeredBy;
    if (chunk.done !== true) return;
    this.#finish = chunk.done_reason || 'stop';
    // Older versions count no prompt that they had in their cache: then our own estimate stands.
    if (chunk.prompt_eval_count == null || chunk.eval_count == null) return;
    const [input, output] = [whole(chunk.prompt_eval_count), whole(chunk.eval_count)];
    this.#usage = { input, cachedInput: 0, output, thoughts: 0 };
  }

  #addDelta(delta: z.infer<typeof Delta>): void {
    const before = this.#characters;
    for (const field of ['reasoning_content', 'reasoning', 'thinking'] as const) {
      const piece = delta[field];
      // Some servers send the same reasoning under two names: the first name holds.
      if (piece == null || piece === '' || (this.#reasoning !== null && this.#reasoning.field !== field)) continue;
      this.#reasoning = { field, text: `${this.#reasoning?.text ?? ''}${piece}` };
    }
    this.#text += delta.content ?? '';
    for (const piece of delta.tool_calls ?? []) this.#addCall(piece);
    this.#request.onPiece?.(this.#characters - before);
  }

  /**
   * A piece belongs to the call of its index, unless it brings another id: some servers send all parallel calls with
   * index 0. Without either it goes on with the last call, unless it names a tool while that call is whole already.
   */
  #addCall(piece: z.infer<typeof CallDelta>): void {
    const index = piece.index ?? null;
    const id = piece.id || null;
    const name = piece.function?.name ?? '';
    const given = piece.function?.arguments ?? '';
    const words = typeof given === 'string' ? given : JSON.stringify(given);
    const known = index === null ? this.#calls.at(-1) : this.#calls.findLast((call) => call.index === index);
    const isOther =
      known === undefined ||
      (id !== null && known.serverId !== null && known.serverId !== id) ||
      (id === null && name !== '' && known.name !== '' && parsedArguments(known.arguments) !== undefined);
    if (isOther) {
      this.#calls.push({ index, serverId: id, name, arguments: words });
      return;
    }
    known.serverId ??= id;
    if (known.name === '') known.name = name;
    known.arguments += words;
  }

  response(): GenerateResponse {
    const request = this.#request;
    const calls = this.#calls.map((call, index) => ({
      ...call,
      id: callId(request.caller, index),
      parsed: parsedArguments(call.arguments),
    }));
    // A call that the length limit cut is not made: half of a command may do harm.
    const whole = calls.filter(({ parsed }) => parsed !== undefined || this.#finish !== 'length');
    const parts: MessagePart[] = this.#text === '' ? [] : [{ type: 'text', text: this.#text }];
    for (const { id, name, parsed, arguments: words } of whole)
      parts.push({ type: 'call', id, name, arguments: parsed ?? words });
    const native: NativeMessage = {
      provider: 'openai',
      model: this.#model,
      content: this.#text,
      calls: whole.map(({ id, name, arguments: words }) => ({ id, name, arguments: words })),
      reasoning: this.#reasoning,
    };
    return {
      parts,
      finish: finishOf({
        reason: this.#finish,
        hasCalls: whole.length > 0,
        hasBrokenCall: calls.some(({ parsed }) => parsed === undefined),
        hasText: this.#text !== '',
      }),
      usage: this.#usage ?? estimatedUsage(promptCharacters(request), this.#characters),
      native,
      model: this.#answeredBy ?? this.#model,
      requestId: this.#requestId,
    };
  }
}

/** OpenAI's `prompt_tokens` include the cached ones, its `completion_tokens` the reasoning. */
function usageOf(usage: NonNullable<Chunk['usage']>, cachedByLlamaCpp: number): Usage {
  const input = whole(usage.prompt_tokens);
  const completion = whole(usage.completion_tokens);
  const thoughts = Math.min(completion, whole(usage.completion_tokens_details?.reasoning_tokens));
  const cached = usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? cachedByLlamaCpp;
  return { input, cachedInput: Math.min(input, whole(cached)), output: completion - thoughts, thoughts };
}
