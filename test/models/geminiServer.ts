/**
 * A local server that speaks Gemini's REST interface and refuses what Google refuses. Answers are scripted, one per request;
 * without a script it says `ok`. Tests drive the real SDK against it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { apiError, type Reply, text } from './geminiReplies.ts';
import { GenerateBody, problemWith } from './geminiRules.ts';

export interface RecordedRequest {
  model: string;
  apiVersion: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: GenerateBody;
}

export interface GeminiServerOptions {
  apiKey: string;
  models?: readonly string[];
  /** Answers what the script does not. */
  respond?: (request: RecordedRequest) => Reply;
}

const badKey = {
  code: 400,
  status: 'INVALID_ARGUMENT',
  message: 'API key not valid. Please pass a valid API key.',
  details: [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
  ],
};

const invalid = (message: string) => apiError({ code: 400, status: 'INVALID_ARGUMENT', message });

export class GeminiServer {
  /** For GOOGLE_GEMINI_BASE_URL. Its path prefix must survive. */
  readonly url: string;
  readonly requests: RecordedRequest[] = [];
  /** Sockets that clients have given up while an answer was open. */
  closedByClient = 0;
  readonly #options: GeminiServerOptions;
  readonly #script: Reply[] = [];
  readonly #close: () => Promise<void>;

  private constructor(url: string, options: GeminiServerOptions, close: () => Promise<void>) {
    this.url = url;
    this.#options = options;
    this.#close = close;
  }

  static async start(options: GeminiServerOptions): Promise<GeminiServer> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const address = http.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    const server = new GeminiServer(`http://127.0.0.1:${address.port}/prefix`, options, async () => {
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

  /** Answers of the next requests, in order. */
  script(...replies: Reply[]): void {
    this.#script.push(...replies);
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const path = /^\/prefix\/(v1|v1beta)\/models(?:\/([\w.-]+)(?::(\w+))?)?$/.exec(url.pathname);
    const [, apiVersion = '', model = '', method] = path ?? [];
    const raw = await readText(request);
    const reply = this.#reply({ request, url, apiVersion, model, method, raw, found: path !== null });
    await reply.send(response, model);
  }

  #reply(call: {
    request: IncomingMessage;
    url: URL;
    apiVersion: string;
    model: string;
    method: string | undefined;
    raw: string;
    found: boolean;
  }): Reply {
    const { request, url, apiVersion, model, method, raw, found } = call;
    const { apiKey, models = ['gemini-3-pro-test'], respond } = this.#options;
    if (!found) return apiError({ code: 404, status: 'NOT_FOUND', message: `Not found: ${url.pathname}` });
    if (url.searchParams.has('key')) return invalid('This server takes no keys in URLs.');
    if (request.headers['x-goog-api-key'] !== apiKey) return apiError(badKey);
    if (!models.includes(model))
      return apiError({
        code: 404,
        status: 'NOT_FOUND',
        message: `models/${model} is not found for API version ${apiVersion}, or is not supported for generateContent.`,
      });
    if (method !== 'streamGenerateContent' || url.searchParams.get('alt') !== 'sse')
      return invalid(`This server streams only; it was asked for ${method ?? 'nothing'}.`);
    const body = GenerateBody.safeParse(JSON.parse(raw));
    if (!body.success) return invalid(`Invalid JSON payload received. ${body.error.message}`);
    const problem = problemWith(model, body.data);
    if (problem !== null) return invalid(problem);
    const recorded = { model, apiVersion, path: url.pathname, headers: request.headers, body: body.data };
    this.requests.push(recorded);
    return this.#script.shift() ?? respond?.(recorded) ?? text('ok');
  }
}
