/** What the fake Gemini server can be told to answer: whole answers, and every way in which the real one fails. */
import type { ServerResponse } from 'node:http';
import { type Part, signatureOf } from './geminiRules.ts';

export interface Reply {
  /** Writes the answer, or breaks off. `model` is the one that was asked. */
  send(response: ServerResponse, model: string): void | Promise<void>;
}

/** The same, once `may` has ended. */
export const held = (reply: Reply, may: () => Promise<void>): Reply => ({
  send: async (response, model) => {
    await may();
    await reply.send(response, model);
  },
});

export interface AnswerOptions {
  /** Parts per streamed chunk. Calls are signed as Google does: the first of the answer. */
  chunks: readonly (readonly Part[])[];
  finishReason?: string | null;
  finishMessage?: string;
  usage?: Record<string, number>;
  /** Cut the bytes anywhere: in the middle of a character, of a line, of an event. */
  bytesPerWrite?: number;
  /** False: calls go out unsigned, as older models' do. */
  signed?: boolean;
}

const sseHeaders = { 'content-type': 'text/event-stream', 'x-request-id': 'fake' };

function event(body: unknown): string {
  return `data: ${JSON.stringify(body)}\r\n\r\n`;
}

function chunkBody(model: string, parts: readonly Part[], more: Record<string, unknown> = {}) {
  return {
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
    modelVersion: `${model}-001`,
    responseId: 'response-1',
  };
}

/** Calls as Google sends them: with an id, the first one signed. */
function withSignature(model: string, chunks: AnswerOptions['chunks']): Part[][] {
  let signed = false;
  return chunks.map((parts) =>
    parts.map((part) => {
      if (part.functionCall === undefined || signed) return part;
      signed = true;
      return { ...part, thoughtSignature: signatureOf(model, part.functionCall) };
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

/** A whole streamed answer. `finishReason: null` closes the stream cleanly without one. */
export function answer(options: AnswerOptions): Reply {
  const { finishReason = 'STOP', finishMessage, usage, bytesPerWrite, signed = true } = options;
  return {
    async send(response, model) {
      response.writeHead(200, sseHeaders);
      const chunks = signed ? withSignature(model, options.chunks) : options.chunks;
      for (const parts of chunks) await write(response, event(chunkBody(model, parts)), bytesPerWrite);
      const last = {
        ...(finishReason === null ? {} : { finishReason }),
        ...(finishMessage === undefined ? {} : { finishMessage }),
      };
      const counts = usage ?? { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };
      await write(response, event({ ...chunkBody(model, [{ text: '' }], last), usageMetadata: counts }), bytesPerWrite);
      response.end();
    },
  };
}

export const text = (words: string): Reply => answer({ chunks: [[{ text: words }]] });

/** A finish that comes without any content, as MALFORMED_FUNCTION_CALL does. */
export function bareFinish(finishReason: string, finishMessage?: string): Reply {
  return {
    send(response, model) {
      const candidate = { finishReason, index: 0, ...(finishMessage === undefined ? {} : { finishMessage }) };
      response.writeHead(200, sseHeaders);
      response.end(
        event({ candidates: [candidate], modelVersion: `${model}-001`, usageMetadata: { promptTokenCount: 10 } }),
      );
    },
  };
}

export const promptBlocked = (blockReason: string): Reply => ({
  send(response) {
    response.writeHead(200, sseHeaders);
    response.end(
      event({ promptFeedback: { blockReason }, usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 } }),
    );
  },
});

/** No candidates, no reason: it happens. */
export const empty: Reply = {
  send(response) {
    response.writeHead(200, sseHeaders);
    response.end(event({ usageMetadata: { promptTokenCount: 10 } }));
  },
};

/** One event of any content. */
export const rawEvent = (body: unknown): Reply => ({
  send(response) {
    response.writeHead(200, sseHeaders);
    response.end(event(body));
  },
});

interface GoogleErrorBody {
  code: number;
  status: string;
  message: string;
  details?: readonly Record<string, unknown>[];
}

export const retryInfo = (retryDelay: string) => ({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });

export const quotaFailure = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaMetric: 'generativelanguage.googleapis.com/generate_content_requests', quotaId }],
});

/** An error as JSON. */
export const apiError = (error: GoogleErrorBody): Reply => ({
  send(response) {
    response.writeHead(error.code, { 'content-type': 'application/json; charset=UTF-8' });
    response.end(JSON.stringify({ error }));
  },
});

/** The same error under a content type that is not JSON: the SDK nests it in a message of its own. */
export const nestedApiError = (error: GoogleErrorBody): Reply => ({
  send(response) {
    response.writeHead(error.code, { 'content-type': 'text/plain' });
    response.end(JSON.stringify({ error }));
  },
});

export const htmlError = (status: number, title: string): Reply => ({
  send(response) {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(
      `<!DOCTYPE html><html><head><title>${title}</title><style>p{}</style></head><body><p>Sorry</p></body></html>`,
    );
  },
});

/** Words, then an error in the stream itself. */
export const errorInStream = (error: GoogleErrorBody): Reply => ({
  async send(response, model) {
    response.writeHead(200, sseHeaders);
    response.write(event(chunkBody(model, [{ text: 'so far ' }])));
    await new Promise((resolve) => setTimeout(resolve, 20));
    response.end(event({ error }));
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
  async send(response, model) {
    response.writeHead(200, sseHeaders);
    const whole = event(chunkBody(model, [{ text: 'so far ' }]));
    response.write(whole + whole.slice(0, 30));
    await new Promise((resolve) => setTimeout(resolve, 20));
    response.socket?.destroy();
  },
};

/** The stream closes cleanly in the middle of an event. */
export const cutInStream: Reply = {
  send(response, model) {
    response.writeHead(200, sseHeaders);
    const whole = event(chunkBody(model, [{ text: 'so far ' }]));
    response.end(whole + whole.slice(0, 30));
  },
};

/** Takes the request and never says a word. */
export const hang: Reply = { send: () => undefined };

/** Says something, then nothing for ever. */
export const hangInStream: Reply = {
  send(response, model) {
    response.writeHead(200, sseHeaders);
    response.write(event(chunkBody(model, [{ text: 'so far ' }])));
  },
};
