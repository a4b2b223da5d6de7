/** Puts the chunks of one streamed answer together. */
import { randomUUID } from 'node:crypto';
import type { GenerateContentResponse, GenerateContentResponseUsageMetadata, Part } from '@google/genai';
import * as z from 'zod';
import type { Usage } from '../../../protocol/trajectory.ts';
import type { GenerateRequest, GenerateResponse, MessagePart } from '../chatModel.ts';
import { estimatedUsage, promptCharacters } from '../usageEstimate.ts';
import { BrokenAnswer } from './errors.ts';
import { finishOf } from './finish.ts';
import { appendPart, type NativeContent } from './nativeContent.ts';

const text = z.string().nullish();
/** What we read of a chunk. The SDK passes on whatever the wire holds, under types that it does not check. */
const Chunk = z.looseObject({
  candidates: z
    .array(
      z.looseObject({
        content: z
          .looseObject({
            parts: z
              .array(
                z.looseObject({
                  text,
                  thought: z.boolean().nullish(),
                  functionCall: z
                    .looseObject({ name: text, args: z.record(z.string(), z.unknown()).nullish() })
                    .nullish(),
                }),
              )
              .nullish(),
          })
          .nullish(),
        finishReason: text,
      }),
    )
    .nullish(),
  promptFeedback: z.looseObject({ blockReason: text }).nullish(),
  usageMetadata: z.looseObject({}).nullish(),
  modelVersion: text,
  responseId: text,
});

/** What cannot be a count counts as not said. */
const count = (value: unknown) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0);

/** Google's `promptTokenCount` includes the cached tokens; its thoughts are not part of `candidatesTokenCount`. */
function usageOf(metadata: GenerateContentResponseUsageMetadata): Usage {
  return {
    input: count(metadata.promptTokenCount) + count(metadata.toolUsePromptTokenCount),
    cachedInput: count(metadata.cachedContentTokenCount),
    output: count(metadata.candidatesTokenCount),
    thoughts: count(metadata.thoughtsTokenCount),
  };
}

/** Of a piece, thoughts and arguments included. */
function charactersOf({ text: words, functionCall }: Part): number {
  const call = functionCall == null ? '' : `${functionCall.name ?? ''}${JSON.stringify(functionCall.args ?? {})}`;
  return (words ?? '').length + call.length;
}

/** Native parts as ours. Ids are our own: Google's may be absent, and need not be unique across turns. */
function partsOf(native: readonly Part[]): MessagePart[] {
  const turn = randomUUID().slice(0, 8);
  let calls = 0;
  return native.flatMap((part): MessagePart[] => {
    if (part.functionCall != null) {
      calls += 1;
      const { name, args } = part.functionCall;
      return [{ type: 'call', id: `call-${turn}-${calls}`, name: name ?? '', arguments: args ?? {} }];
    }
    return typeof part.text === 'string' && part.thought !== true && part.text !== ''
      ? [{ type: 'text', text: part.text }]
      : [];
  });
}

/** Collects chunks; `response` is what they amount to so far. */
export class Answer {
  readonly #model: string;
  readonly #request: GenerateRequest;
  readonly #parts: Part[] = [];
  #characters = 0;
  #usage: GenerateContentResponseUsageMetadata | null = null;
  #finishReason: string | null = null;
  #blockReason: string | null = null;
  #modelVersion: string | null = null;
  #requestId: string | null = null;

  /** @param model the name that was asked for: signatures belong to it */
  constructor(model: string, request: GenerateRequest) {
    this.#model = model;
    this.#request = request;
  }

  /** What Google has counted so far; null if it has not said. */
  get usage(): Usage | null {
    return this.#usage === null ? null : usageOf(this.#usage);
  }

  /** @throws {BrokenAnswer} if it is nothing that Google sends */
  add(chunk: GenerateContentResponse): void {
    const checked = Chunk.safeParse(chunk);
    if (!checked.success)
      throw new BrokenAnswer(
        `the answer holds what Google does not send: ${z.prettifyError(checked.error).slice(0, 300)}`,
      );
    const candidate = chunk.candidates?.[0];
    let characters = 0;
    for (const part of candidate?.content?.parts ?? []) {
      characters += charactersOf(part);
      appendPart(this.#parts, part);
    }
    this.#characters += characters;
    this.#request.onPiece?.(characters);
    // Counts are of the whole answer so far: the last ones hold.
    this.#usage = chunk.usageMetadata ?? this.#usage;
    this.#finishReason = candidate?.finishReason ?? this.#finishReason;
    this.#blockReason = chunk.promptFeedback?.blockReason ?? this.#blockReason;
    this.#modelVersion = chunk.modelVersion ?? this.#modelVersion;
    this.#requestId = chunk.responseId ?? this.#requestId;
  }

  /** @param finishMessage what the provider said beside the finish reason; the SDK does not pass it on */
  response(finishMessage: string | null): GenerateResponse {
    const parts = partsOf(this.#parts);
    const native: NativeContent = { provider: 'gemini', model: this.#model, parts: this.#parts };
    return {
      parts,
      finish: finishOf({
        finishReason: this.#finishReason,
        finishMessage,
        blockReason: this.#blockReason,
        hasCalls: parts.some(({ type }) => type === 'call'),
      }),
      usage: this.usage ?? estimatedUsage(promptCharacters(this.#request), this.#characters),
      native,
      model: this.#modelVersion ?? this.#model,
      requestId: this.#requestId,
    };
  }
}
