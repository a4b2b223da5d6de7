/**
 * A local server that speaks as vLLM, llama.cpp, OpenAI or Ollama do, and refuses what they refuse. Answers are scripted,
 * one per request; without a script it says `ok`. It can lose the beginning of long prompts without a word, as real ones do.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { openAiError, type Reply, refusal, text } from './openaiReplies.ts';
import { ChatBody, OllamaBody, problemWith } from './openaiRules.ts';

export type Flavour = 'vllm' | 'llamacpp' | 'ollama' | 'plain';

export interface RecordedRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: ChatBody | OllamaBody;
  /** What of the prompt the model gets to read, messages one after another. */
  seen: string;
}

export interface OpenAiServerOptions {
  flavour?: Flavour;
  /** Required of callers if given. */
  apiKey?: string;
  models?: readonly string[];
  /** Tokens of four characters. vLLM refuses what is longer. */
  contextTokens?: number;
  /** Longer prompts lose their beginning, and nobody is told. */
  truncatesAt?: number;
  capabilities?: readonly string[];
  /** Answers what the script does not. */
  respond?: (request: RecordedRequest) => Reply | Promise<Reply>;
}

export const openAiModelName = 'qwen/coder-test:7b';
const charactersPerToken = 4;
/** Ollama's own default, whatever the model could read. */
const ollamaDefaultContext = 4096;

export class OpenAiServer {
  /** Without a path. */
  readonly origin: string;
  readonly requests: RecordedRequest[] = [];
  /** Sockets that clients have given up while an answer was open. */
  closedByClient = 0;
  readonly #options: OpenAiServerOptions;
  readonly #script: Reply[] = [];
  readonly #close: () => Promise<void>;

  private constructor(origin: string, options: OpenAiServerOptions, close: () => Promise<void>) {
    this.origin = origin;
    this.#options = options;
    this.#close = close;
  }

  static async start(options: OpenAiServerOptions = {}): Promise<OpenAiServer> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const address = http.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    const server = new OpenAiServer(`http://127.0.0.1:${address.port}`, options, async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    });
    http.on('request', (request, response) => {
      response.on('close', () => {
        if (!response.writableFinished) server.closedByClient += 1;
      });
      server
        .#handle(request, response)
        .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
    return server;
  }

  /** As typed after `--model`. */
  get modelId(): string {
    return `openai:${openAiModelName}@${this.origin}/v1`;
  }

  /** Answers of the next requests, in order. */
  script(...replies: Reply[]): void {
    this.#script.push(...replies);
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname;
    const raw = await readText(request);
    const native = path === '/api/chat';
    const reply = this.#isAllowed(request)
      ? await this.#reply(request, path, raw)
      : refusal(401, openAiError('Incorrect API key provided.', { code: 'invalid_api_key' }));
    await reply.send(response, { model: openAiModelName, native });
  }

  #isAllowed(request: IncomingMessage): boolean {
    const { apiKey } = this.#options;
    return apiKey === undefined || request.headers.authorization === `Bearer ${apiKey}`;
  }

  #reply(request: IncomingMessage, path: string, raw: string): Reply | Promise<Reply> {
    const { flavour = 'plain' } = this.#options;
    const isOllama = flavour === 'ollama';
    if (path === '/v1/chat/completions') return this.#chat(request, path, raw);
    if (path === '/v1/models') return refusal(200, { object: 'list', data: this.#models() });
    if (path === '/api/version' && isOllama) return refusal(200, { version: '0.20.1' });
    if (path === '/api/show' && isOllama) return this.#show(raw);
    // llama.cpp has these two of Ollama's paths as well.
    if (path === '/api/show' && flavour === 'llamacpp')
      return refusal(200, { model_info: {}, capabilities: ['completion'] });
    if (path === '/props' && flavour === 'llamacpp')
      return refusal(200, { default_generation_settings: { n_ctx: this.#options.contextTokens ?? 8192 } });
    if (path === '/api/chat' && isOllama) return this.#ollamaChat(request, path, raw);
    return refusal(404, { detail: 'Not Found' });
  }

  #models() {
    const { flavour, contextTokens = 32_768, models = [openAiModelName] } = this.#options;
    return models.map((id) => ({
      id,
      object: 'model',
      ...(flavour === 'vllm' ? { max_model_len: contextTokens } : {}),
    }));
  }

  #has(model: string): boolean {
    return (this.#options.models ?? [openAiModelName]).includes(model);
  }

  #show(raw: string): Reply {
    const { model } = JSON.parse(raw) as { model: string };
    if (!this.#has(model)) return refusal(404, { error: `model '${model}' not found` });
    const { capabilities = ['completion', 'tools'], contextTokens = 131_072 } = this.#options;
    return refusal(200, { model_info: { 'qwen3.context_length': contextTokens }, capabilities });
  }

  #chat(request: IncomingMessage, path: string, raw: string): Reply | Promise<Reply> {
    const parsed = ChatBody.safeParse(JSON.parse(raw));
    if (!parsed.success) return refusal(400, openAiError(`Invalid request: ${parsed.error.message}`));
    const body = parsed.data;
    if (!this.#has(body.model))
      return refusal(404, openAiError(`The model \`${body.model}\` does not exist.`, { code: 404 }));
    const problem = problemWith(body);
    if (problem !== null) return refusal(400, openAiError(problem));
    const prompt = textOf(body.messages);
    const { flavour, contextTokens, truncatesAt } = this.#options;
    const tokens = Math.ceil((prompt.length + JSON.stringify(body.tools ?? []).length) / charactersPerToken);
    const wanted = body.max_tokens ?? 0;
    if (flavour === 'vllm' && contextTokens !== undefined && tokens + wanted > contextTokens)
      return refusal(
        400,
        openAiError(contextMessage(contextTokens, tokens, wanted), { type: 'BadRequestError', code: 400 }),
      );
    const keeps = truncatesAt ?? (flavour === 'ollama' ? ollamaDefaultContext : Number.POSITIVE_INFINITY);
    return this.#answer({ path, headers: request.headers, body, seen: tail(prompt, keeps) });
  }

  #ollamaChat(request: IncomingMessage, path: string, raw: string): Reply | Promise<Reply> {
    const parsed = OllamaBody.safeParse(JSON.parse(raw));
    if (!parsed.success) return refusal(400, { error: `invalid request: ${parsed.error.message}` });
    const body = parsed.data;
    const prompt = textOf(body.messages);
    const limit = Math.min(body.options.num_ctx, this.#options.truncatesAt ?? Number.POSITIVE_INFINITY);
    const isTooLong = prompt.length / charactersPerToken > limit;
    // Servers that are told to truncate silently are older ones, which know no `truncate`.
    if (isTooLong && body.truncate === false && this.#options.truncatesAt === undefined)
      return refusal(400, { error: 'the input length exceeds the context length' });
    return this.#answer({ path, headers: request.headers, body, seen: tail(prompt, limit) });
  }

  #answer(recorded: RecordedRequest): Reply | Promise<Reply> {
    this.requests.push(recorded);
    return this.#script.shift() ?? this.#options.respond?.(recorded) ?? text('ok');
  }
}

const contextMessage = (limit: number, prompt: number, answer: number) =>
  `This model's maximum context length is ${limit} tokens. However, you requested ${prompt + answer} tokens (${prompt} in the messages, ${answer} in the completion). Please reduce the length of the messages or completion.`;

const textOf = (messages: readonly { content: string | null }[]) =>
  messages.map(({ content }) => content ?? '').join('\n');
const tail = (prompt: string, tokens: number) =>
  prompt.length > tokens * charactersPerToken ? prompt.slice(-tokens * charactersPerToken) : prompt;
