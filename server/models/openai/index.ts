/**
 * `openai:<name>@<url>`: servers that speak OpenAI's `/v1/chat/completions` (vLLM, llama.cpp, OpenAI itself and many more), and
 * Ollama by its own interface. One call is one request: no hidden retries.
 */
import { CallDeadline, type CallLimits } from '../callDeadline.ts';
import {
  type ChatModel,
  ChatModelError,
  type GenerateRequest,
  type GenerateResponse,
  type ModelInfo,
} from '../chatModel.ts';
import type { ModelEnvironment } from '../environment.ts';
import { patientFetch, RawTail } from '../patientFetch.ts';
import { quotaName } from '../quotaName.ts';
import { type Redact, redactor } from '../redaction.ts';
import { network, type Wire } from '../wire.ts';
import { Answer, Chunk, OllamaChunk } from './answer.ts';
import { errorIn } from './errorBody.ts';
import { BrokenAnswer, failureOf, HttpFailure, StreamedFailure } from './errors.ts';
import { eventsOf, linesOf } from './eventStream.ts';
import { askModelServer, type ModelServer } from './modelServer.ts';
import { ollamaBody, openAiBody } from './requestBody.ts';
import { type OpenAiSettings, openAiSettings } from './settings.ts';

const defaultLimits: CallLimits = { totalMs: 45 * 60_000, idleMs: 12 * 60_000 };

export class OpenAiModel implements ChatModel {
  readonly #settings: OpenAiSettings;
  readonly #limits: CallLimits;
  readonly #wire: Wire;
  readonly #redact: Redact;
  readonly #id: string;
  readonly #quota: string;
  #server: Promise<ModelServer> | null = null;
  #contextTokens: number | null;

  constructor(settings: OpenAiSettings, limits: CallLimits = defaultLimits, wire: Wire = network) {
    this.#settings = settings;
    this.#limits = limits;
    this.#wire = wire;
    this.#id = settings.isHosted ? `openai:${settings.model}` : `openai:${settings.model}@${settings.baseUrl}`;
    this.#quota = quotaName(this.#id, settings.apiKey);
    this.#contextTokens = settings.contextTokens;
    this.#redact = redactor(settings.apiKey === null ? [] : [settings.apiKey]);
  }

  /** `contextTokens` is known from the first call on, where the server tells it. */
  get info(): ModelInfo {
    const { model, isHosted } = this.#settings;
    return {
      id: this.#id,
      label: isHosted ? `OpenAI ${model}` : `${model} at ${this.#host}`,
      isLanguageModel: true,
      contextTokens: this.#contextTokens,
      // OpenAI refuses what is too long; of other servers it has to be found out.
      mayTruncate: !isHosted,
      quota: this.#quota,
    };
  }

  get #host(): string {
    return new URL(this.#settings.baseUrl).host;
  }

  async generate(request: GenerateRequest): Promise<GenerateResponse> {
    const { model } = this.#settings;
    if (request.signal.aborted) throw new ChatModelError('aborted', `The call to ${model} was cancelled.`);
    const deadline = new CallDeadline(this.#limits);
    const signal = AbortSignal.any([request.signal, deadline.signal]);
    const answer = new Answer(model, request);
    try {
      const server = await this.#askServer(signal);
      if (server.kind === 'ollama') await this.#readOllama(server, request, answer, signal, () => deadline.touch());
      else await this.#readOpenAi(server, request, answer, signal, () => deadline.touch());
      return answer.response();
    } catch (error) {
      throw failureOf(error, {
        model,
        server: this.#host,
        aborted: request.signal.aborted,
        expired: deadline.expired,
        usage: answer.usage,
        redact: this.#redact,
      });
    } finally {
      deadline.close();
    }
  }

  /** Asked once, for all calls; a question that failed is asked again with the next call. */
  async #askServer(signal: AbortSignal): Promise<ModelServer> {
    this.#server ??= askModelServer(this.#settings, this.#wire(null)).catch((error: unknown) => {
      this.#server = null;
      throw error;
    });
    const server = await unlessAborted(this.#server, signal);
    this.#contextTokens = server.contextTokens;
    return server;
  }

  async #readOpenAi(
    { contextTokens }: ModelServer,
    request: GenerateRequest,
    answer: Answer,
    signal: AbortSignal,
    onSign: () => void,
  ): Promise<void> {
    const body = openAiBody(request, { ...this.#settings, contextTokens });
    const response = await this.#post(`${this.#settings.baseUrl}/chat/completions`, body, request, signal);
    if (isJson(response)) {
      // Some servers answer in one piece whatever they are asked for.
      answer.add(parsed(await response.text(), Chunk));
      return;
    }
    for await (const { event, data } of eventsOf(touched(response, onSign))) {
      if (data === '[DONE]') return;
      if (event === 'error') throw new StreamedFailure(streamedError(data));
      answer.add(parsed(data, Chunk));
    }
  }

  async #readOllama(
    { contextTokens }: ModelServer,
    request: GenerateRequest,
    answer: Answer,
    signal: AbortSignal,
    onSign: () => void,
  ): Promise<void> {
    const { model, baseUrl } = this.#settings;
    const body = ollamaBody(request, { model, contextTokens });
    const response = await this.#post(`${new URL(baseUrl).origin}/api/chat`, body, request, signal);
    for await (const line of linesOf(touched(response, onSign)))
      if (line.trim() !== '') answer.addOllama(parsed(line, OllamaChunk));
  }

  async #post(url: string, body: unknown, { caller }: GenerateRequest, signal: AbortSignal): Promise<Response> {
    const { apiKey } = this.#settings;
    const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'text/event-stream' };
    if (apiKey !== null) headers.authorization = `Bearer ${apiKey}`;
    const send = patientFetch(new RawTail(), this.#wire(caller ?? null));
    // A key must not follow a redirect to another host.
    const response = await send(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
      redirect: 'error',
    });
    if (!response.ok) throw new HttpFailure(response.status, response.headers, await response.text());
    return response;
  }
}

/** The question goes on for others when one caller gives up. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}

const isJson = (response: Response) => /^application\/json\b/i.test(response.headers.get('content-type') ?? '');

async function* touched(response: Response, onSign: () => void): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  for await (const bytes of response.body) {
    onSign();
    yield bytes;
  }
}

/** @throws {StreamedFailure} if the value is an error, {BrokenAnswer} if it is nothing that we know */
function parsed(text: string, schema: typeof Chunk): Chunk;
function parsed(text: string, schema: typeof OllamaChunk): OllamaChunk;
function parsed(text: string, schema: typeof Chunk | typeof OllamaChunk): Chunk | OllamaChunk {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BrokenAnswer(`the answer holds what is no JSON: ${text.slice(0, 80)}`, { cause: error });
  }
  const error = errorIn(value);
  if (error !== null) throw new StreamedFailure(error);
  const chunk = schema.safeParse(value);
  if (!chunk.success)
    throw new BrokenAnswer(`the answer holds what no server of this kind sends: ${text.slice(0, 80)}`);
  return chunk.data;
}

function streamedError(data: string) {
  try {
    const value: unknown = JSON.parse(data);
    return errorIn(value) ?? errorIn({ error: value }) ?? { message: data, type: null, code: null };
  } catch (error) {
    if (error instanceof SyntaxError) return { message: data, type: null, code: null };
    throw error;
  }
}

/**
 * @param text what stands after `openai:`: `<name>@<url>`, or `<name>` for OPENAI_BASE_URL or OpenAI itself
 * @param environment where OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_CONTEXT_TOKENS are read
 * @returns null if the text names no model
 * @throws {ChatModelError} kind `auth`, {ModelSettingError}; both name the variable
 */
export function createOpenAiModel(
  text: string,
  environment: ModelEnvironment,
  limits?: CallLimits,
  wire?: Wire,
): OpenAiModel | null {
  const settings = openAiSettings(text, environment);
  return settings === null ? null : new OpenAiModel(settings, limits, wire);
}
