/**
 * JSON-RPC messages over a WebSocket: one text frame, one message. Everything that arrives is checked against the
 * JSON-RPC envelope here, so that `vscode-jsonrpc` only ever sees well-formed messages; what is malformed is answered
 * with the standard's own error codes.
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  ErrorCodes,
  type Message,
  type MessageReader,
  type MessageWriter,
  type NotificationMessage,
  type RequestMessage,
} from 'vscode-jsonrpc/node';
import type { RawData, WebSocket } from 'ws';
import * as z from 'zod';
import { FrameTooLargeError, PeerClosedError } from './rpcErrors.ts';
import { messageOf } from './thrown.ts';

/** Requests of the other end that may be unanswered at a time; more are refused. */
const maxUnansweredRequests = 1024;

const id = z.union([z.int(), z.string().max(256)]);
const version = z.literal('2.0');
const structured = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]);

const CancelNotification = z.object({ method: z.literal('$/cancelRequest'), params: z.object({ id }) });
const Request = z.object({ jsonrpc: version, id, method: z.string().min(1).max(256), params: structured.optional() });
const Notification = z
  .object({
    jsonrpc: version,
    id: z.undefined().optional(),
    method: z.string().min(1).max(256),
    params: structured.optional(),
  })
  .refine((message) => !message.method.startsWith('$/') || CancelNotification.safeParse(message).success);
const Response = z.union([
  z
    .object({ jsonrpc: version, id, method: z.undefined().optional(), result: z.unknown() })
    .refine((r) => 'result' in r),
  z.object({
    jsonrpc: version,
    id: id.nullable(),
    method: z.undefined().optional(),
    error: z.object({ code: z.int(), message: z.string(), data: z.unknown().optional() }),
  }),
]);

interface Answerable {
  id: number | string | null;
}

/** Frames to messages. Malformed frames are answered and dropped. */
class WebSocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;
  readonly #writer: WebSocketWriter;

  constructor(socket: WebSocket, writer: WebSocketWriter) {
    super();
    this.#socket = socket;
    this.#writer = writer;
  }

  listen(callback: DataCallback): Disposable {
    const onMessage = (data: RawData, isBinary: boolean) => this.#receive(data, isBinary, callback);
    const onClose = () => this.fireClose();
    const onError = (error: Error) => this.fireError(error);
    this.#socket.on('message', onMessage);
    this.#socket.on('close', onClose);
    this.#socket.on('error', onError);
    return {
      dispose: () => {
        this.#socket.off('message', onMessage);
        this.#socket.off('close', onClose);
        // The error listener stays: an 'error' event that nobody hears would end the process.
      },
    };
  }

  #receive(data: RawData, isBinary: boolean, callback: DataCallback): void {
    if (isBinary) {
      this.#writer.answerError({ id: null }, ErrorCodes.InvalidRequest, 'a binary frame; messages are text frames');
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(text(data));
    } catch (error) {
      this.#writer.answerError({ id: null }, ErrorCodes.ParseError, `not JSON: ${messageOf(error)}`);
      return;
    }
    // What has no method can only be an answer: not looked at as what it cannot be, and the other way round.
    if (hasMethod(value)) this.#take(value, callback);
    else this.#takeResponse(value, callback);
  }

  #take(value: object, callback: DataCallback): void {
    const request = Request.safeParse(value);
    if (request.success) {
      if (this.#writer.unanswered >= maxUnansweredRequests) {
        this.#writer.answerError(
          { id: request.data.id },
          ErrorCodes.InvalidRequest,
          `more than ${maxUnansweredRequests} requests are unanswered`,
        );
        return;
      }
      if (Array.isArray(request.data.params)) {
        this.#writer.answerError({ id: request.data.id }, ErrorCodes.InvalidParams, 'parameters are given by name');
        return;
      }
      this.#writer.unanswered += 1;
      // Never absent: `vscode-jsonrpc` would call the handler with one argument less.
      const message: RequestMessage = { ...request.data, params: request.data.params ?? {} };
      callback(message);
      return;
    }
    const other = Notification.safeParse(value);
    if (other.success) {
      if (!Array.isArray(other.data.params)) {
        const { jsonrpc, method, params } = other.data;
        const message: NotificationMessage = { jsonrpc, method, params: params ?? {} };
        callback(message);
      }
      return;
    }
    this.#refuse(value);
  }

  #takeResponse(value: unknown, callback: DataCallback): void {
    const response = Response.safeParse(value);
    if (response.success) {
      callback(response.data);
      return;
    }
    this.#refuse(value);
  }

  #refuse(value: unknown): void {
    this.#writer.answerError(idOf(value), ErrorCodes.InvalidRequest, 'not a JSON-RPC 2.0 message');
  }
}

/** Messages to frames, with a bound on one frame and on what waits for a slow reader. */
export class WebSocketWriter extends AbstractMessageWriter implements MessageWriter {
  /** Requests received and not answered yet. */
  unanswered = 0;
  /** The last message that was refused for its size. */
  tooLarge: FrameTooLargeError | null = null;
  readonly #socket: WebSocket;
  readonly #maxPayloadBytes: number;

  constructor(socket: WebSocket, maxPayloadBytes: number) {
    super();
    this.#socket = socket;
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  write(message: Message): Promise<void> {
    const isResponse = 'id' in message && !('method' in message);
    if (isResponse) {
      this.unanswered = Math.max(0, this.unanswered - 1);
    }
    const frame = JSON.stringify(message);
    const bytes = Buffer.byteLength(frame);
    if (bytes > this.#maxPayloadBytes) {
      if (isResponse) {
        this.unanswered += 1; // The error that takes its place counts it down.
      }
      this.tooLarge = new FrameTooLargeError(bytes, this.#maxPayloadBytes);
      return Promise.reject(this.tooLarge);
    }
    if (this.#socket.readyState !== this.#socket.OPEN) {
      return Promise.reject(new PeerClosedError(null, 'the socket is not open'));
    }
    if (this.#socket.bufferedAmount > 4 * this.#maxPayloadBytes) {
      this.#socket.terminate();
      return Promise.reject(new PeerClosedError(null, 'the other end reads too slowly and was dropped'));
    }
    return new Promise((resolve, reject) => {
      this.#socket.send(frame, (error) => (error ? reject(error) : resolve()));
    });
  }

  answerError(to: Answerable, code: number, message: string): void {
    const answer = { jsonrpc: '2.0', id: to.id, error: { code, message } };
    if (this.#socket.readyState !== this.#socket.OPEN) {
      return;
    }
    if (this.#socket.bufferedAmount > 4 * this.#maxPayloadBytes) {
      this.#socket.terminate();
      return;
    }
    this.#socket.send(JSON.stringify(answer), (error) => {
      if (error) {
        this.fireError(error);
      }
    });
  }

  end(): void {
    this.#socket.close(1000);
  }
}

/** The reader and writer that `vscode-jsonrpc` runs on, over an open WebSocket. */
export function webSocketTransport(
  socket: WebSocket,
  maxPayloadBytes: number,
): { reader: MessageReader; writer: WebSocketWriter } {
  const writer = new WebSocketWriter(socket, maxPayloadBytes);
  return { reader: new WebSocketReader(socket, writer), writer };
}

/**
 * Ends a socket whose other end has stopped answering pings: a half-open connection, or a stopped process.
 * Detected within two intervals. Stops with the socket.
 */
export function keepAlive(socket: WebSocket, intervalMs: number): void {
  let heard = true;
  socket.on('pong', () => {
    heard = true;
  });
  socket.on('message', () => {
    heard = true;
  });
  const timer = setInterval(() => {
    if (!heard) {
      socket.terminate();
      return;
    }
    heard = false;
    if (socket.readyState === socket.OPEN) {
      socket.ping();
    }
  }, intervalMs);
  timer.unref();
  socket.on('close', () => clearInterval(timer));
}

function hasMethod(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'method' in value && value.method !== undefined;
}

function text(data: RawData): string {
  if (Array.isArray(data)) {
    return Buffer.concat(data).toString('utf8');
  }
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString('utf8');
}

function idOf(value: unknown): Answerable {
  const found = z.object({ id }).safeParse(value);
  return { id: found.success ? found.data.id : null };
}
