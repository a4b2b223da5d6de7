/** What the fake OpenAI-compatible server can be told to answer: whole answers, and every way in which real ones fail. */
import type { ServerResponse } from 'node:http';

export interface Reply {
  /** Writes the answer, or breaks off. `native`: in Ollama's form, not OpenAI's. */
  send(response: ServerResponse, call: { model: string; native: boolean }): void | Promise<void>;
}

export interface Call {
  id?: string;
  name: string;
  /** In the pieces in which it is streamed. */
  pieces: readonly string[];
}

export interface AnswerOptions {
  text?: readonly string[];
  reasoning?: { field: 'reasoning_content' | 'reasoning'; text: string };
  calls?: readonly Call[];
  /** `index0`: all calls carry index 0 and their own ids in every piece. `bare`: no index, no id. */
  callStyle?: 'openai' | 'index0' | 'bare';
  /** null closes the stream cleanly without one. */
  finishReason?: string | null;
  /** null: the server counts nothing. */
  usage?: Record<string, unknown> | null;
  /** Cut the bytes anywhere: in the middle of a character, of a line, of an event. */
  bytesPerWrite?: number;
  lineEnd?: string;
}

const sseHeaders = { 'content-type': 'text/event-stream; charset=utf-8' };
const defaultUsage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

const chunk = (model: string, delta: unknown, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: `${model}-0001`,
  choices: [{ index: 0, delta, finish_reason: finish }],
});

function callDeltas(calls: readonly Call[], style: NonNullable<AnswerOptions['callStyle']>): unknown[] {
  return calls.flatMap(({ id = `call_${calls.length}`, name, pieces }, at) =>
    pieces.map((words, piece) => {
      const isFirst = piece === 0;
      const own = { ...(isFirst ? { name } : {}), arguments: words };
      if (style === 'bare') return { tool_calls: [{ function: own }] };
      if (style === 'index0') return { tool_calls: [{ index: 0, id, type: 'function', function: own }] };
      return { tool_calls: [{ index: at, ...(isFirst ? { id, type: 'function' } : {}), function: own }] };
    }),
  );
}

async function write(response: ServerResponse, text: string, bytesPerWrite = Number.POSITIVE_INFINITY): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += bytesPerWrite) {
    response.write(bytes.subarray(at, at + bytesPerWrite));
    if (bytesPerWrite < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A whole streamed answer, in the form of the interface that was asked. */
export function answer(options: AnswerOptions): Reply {
  const { text = [], reasoning, calls = [], callStyle = 'openai', bytesPerWrite, lineEnd = '\n' } = options;
  const finish = options.finishReason === undefined ? (calls.length > 0 ? 'tool_calls' : 'stop') : options.finishReason;
  const usage = options.usage === undefined ? defaultUsage : options.usage;
  return {
    async send(response, { model, native }) {
      if (native) {
        await sendOllama(response, model, options);
        return;
      }
      response.writeHead(200, sseHeaders);
      const send = (body: unknown) =>
        write(response, `data: ${JSON.stringify(body)}${lineEnd}${lineEnd}`, bytesPerWrite);
      await write(response, `: keep-alive${lineEnd}${lineEnd}`, bytesPerWrite);
      await send(chunk(model, { role: 'assistant', content: '' }));
      if (reasoning !== undefined) await send(chunk(model, { [reasoning.field]: reasoning.text }));
      for (const content of text) await send(chunk(model, { content }));
      for (const delta of callDeltas(calls, callStyle)) await send(chunk(model, delta));
      if (finish !== null) await send(chunk(model, {}, finish));
      if (usage !== null) await send({ ...chunk(model, {}), choices: [], usage });
      if (finish !== null) await write(response, `data: [DONE]${lineEnd}${lineEnd}`, bytesPerWrite);
      response.end();
    },
  };
}

async function sendOllama(response: ServerResponse, model: string, options: AnswerOptions): Promise<void> {
  const { text = [], reasoning, calls = [], finishReason, usage, bytesPerWrite } = options;
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const send = (message: unknown, more: Record<string, unknown> = {}) =>
    write(response, `${JSON.stringify({ model, message, done: false, ...more })}\n`, bytesPerWrite);
  if (reasoning !== undefined) await send({ role: 'assistant', content: '', thinking: reasoning.text });
  for (const content of text) await send({ role: 'assistant', content });
  for (const { name, pieces } of calls) {
    const call = { function: { name, arguments: JSON.parse(pieces.join('')) as unknown } };
    await send({ role: 'assistant', content: '', tool_calls: [call] });
  }
  const counts = usage === null ? {} : (usage ?? { prompt_eval_count: 10, eval_count: 5 });
  if (finishReason !== null)
    await send({ role: 'assistant', content: '' }, { done: true, done_reason: finishReason ?? 'stop', ...counts });
  response.end();
}

export const text = (words: string): Reply => answer({ text: [words] });

export const callOf = (name: string, args: Record<string, unknown>, id?: string): Call => ({
  ...(id === undefined ? {} : { id }),
  name,
  pieces: [JSON.stringify(args)],
});

/** The whole answer as one JSON object, streaming asked for or not. */
export const unstreamed = (message: Record<string, unknown>, finishReason: string): Reply => ({
  send(response, { model }) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finishReason }];
    response.end(JSON.stringify({ id: 'chatcmpl-2', model, choices, usage: defaultUsage }));
  },
});

/** An error as JSON; `body` as the server in question words it. */
export const refusal = (status: number, body: unknown, headers: Record<string, string> = {}): Reply => ({
  send(response) {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  },
});

export const openAiError = (message: string, more: Record<string, unknown> = {}) => ({
  error: { message, type: 'invalid_request_error', param: null, code: null, ...more },
});

export const htmlError = (status: number, title: string): Reply => ({
  send(response) {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(`<html><head><title>${title}</title></head><body><h1>Sorry</h1></body></html>`);
  },
});

const soFar = (model: string) => `data: ${JSON.stringify(chunk(model, { content: 'so far ' }))}\n\n`;
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Words, then an error in the stream itself. `line`: as the server in question writes it. */
export const errorInStream = (line: string): Reply => ({
  async send(response, { model }) {
    response.writeHead(200, sseHeaders);
    response.write(soFar(model));
    await pause();
    response.end(`${line}\n\n`);
  },
});

/** The socket goes before anything was said. */
export const socketDrop: Reply = {
  send(response) {
    response.socket?.destroy();
  },
};

/** The socket goes in the middle of an event. */
export const dropInStream: Reply = {
  async send(response, { model }) {
    response.writeHead(200, sseHeaders);
    response.write(soFar(model) + soFar(model).slice(0, 30));
    await pause();
    response.socket?.destroy();
  },
};

/** The stream closes cleanly in the middle of an event. */
export const cutInStream: Reply = {
  send(response, { model }) {
    response.writeHead(200, sseHeaders);
    response.end(soFar(model) + soFar(model).slice(0, 30));
  },
};

/** Takes the request and never says a word. */
export const hang: Reply = { send: () => undefined };

/** Says something, then nothing for ever. */
export const hangInStream: Reply = {
  send(response, { model }) {
    response.writeHead(200, sseHeaders);
    response.write(soFar(model));
  },
};
