/**
 * A typed JSON-RPC 2.0 peer over a WebSocket. What either end may ask is a *method table*: a zod schema for the
 * parameters and one for the result of each method, checked on both ends. Every request has a deadline.
 *
 * ```ts
 * const peer = new Peer(socket, { local: serverToWorker, remote: workerToServer, maxPayloadBytes, log });
 * peer.handle('shutdown', async () => ({}));
 * peer.listen();
 * const { epoch } = await peer.request('hello', params, { timeoutMs: 10_000 });
 * ```
 */
import {
  CancellationTokenSource,
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
} from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import * as z from 'zod';
import { PeerClosedError, RemoteError, RequestTimeoutError, RpcRefusal, RpcSchemaError } from './rpcErrors.ts';
import { type WebSocketWriter, webSocketTransport } from './webSocketTransport.ts';

export interface Method {
  readonly params: z.ZodType<object>;
  readonly result: z.ZodType;
}
export type MethodTable = Readonly<Record<string, Method>>;

/** JSON-RPC error code of an `RpcRefusal`; its kind is in `data.kind`. */
export const refusalCode = -32_000;

export interface RequestOptions {
  timeoutMs: number;
  /** Gives up on the answer and tells the other end; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface HandlerContext {
  /** Aborted when the caller has given up, or the connection is gone. */
  readonly signal: AbortSignal;
}

export interface RpcLog {
  warn(message: string): void;
}

export interface PeerOptions<Local extends MethodTable, Remote extends MethodTable> {
  /** What the other end may ask of us. */
  local: Local;
  /** What we may ask of the other end. */
  remote: Remote;
  /** The largest frame to send, in bytes: what the other end takes. */
  maxPayloadBytes: number;
  log: RpcLog;
}

const RefusalData = z.object({ kind: z.string() });

export class Peer<Local extends MethodTable, Remote extends MethodTable> {
  readonly #socket: WebSocket;
  readonly #options: PeerOptions<Local, Remote>;
  readonly #connection: MessageConnection;
  readonly #writer: WebSocketWriter;
  readonly #closed: Promise<string>;
  #closeReason: string | null = null;
  readonly #gone = new AbortController();

  /** @param socket an open WebSocket; the peer owns it from here. Call `listen` when the handlers are in place. */
  constructor(socket: WebSocket, options: PeerOptions<Local, Remote>) {
    this.#socket = socket;
    this.#options = options;
    const { reader, writer } = webSocketTransport(socket, options.maxPayloadBytes);
    this.#writer = writer;
    const warn = (message: string) => options.log.warn(message);
    this.#connection = createMessageConnection(reader, writer, { error: warn, warn, info: warn, log: warn });
    this.#connection.onError(([error]) => options.log.warn(`connection: ${error.message}`));
    this.#closed = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#closeReason = reason;
        this.#gone.abort(new PeerClosedError(null, reason));
        this.#connection.dispose();
        resolve(reason);
      };
      if (socket.readyState === socket.CLOSED) {
        end('the socket was closed already');
        return;
      }
      socket.once('close', (code, reason) =>
        end(reason.length > 0 ? reason.toString('utf8') : `socket closed with code ${code}`),
      );
    });
  }

  /** Resolves with the reason when the connection has ended, whoever ended it. */
  get closed(): Promise<string> {
    return this.#closed;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Bytes that wait for the other end to read. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Begins to read. Handlers set later still count, but what arrives before is answered "method not found". */
  listen(): void {
    this.#connection.listen();
  }

  /** Answers `method`. Throw an `RpcRefusal` to refuse in words; any other error is logged here and hidden there. */
  handle<M extends keyof Local & string>(
    method: M,
    handler: (
      params: z.output<Local[M]['params']>,
      context: HandlerContext,
    ) => Promise<z.input<Local[M]['result']>> | z.input<Local[M]['result']>,
  ): void {
    const { params: paramsSchema, result: resultSchema } = table(this.#options.local, method);
    const answer = async (raw: unknown, signal: AbortSignal): Promise<unknown> => {
      const params = z.safeParse<Local[M]['params']>(paramsSchema, raw);
      if (!params.success) {
        throw new ResponseError(ErrorCodes.InvalidParams, z.prettifyError(params.error));
      }
      try {
        return z.parse(resultSchema, await handler(params.data, { signal }));
      } catch (error) {
        if (error instanceof RpcRefusal) {
          throw new ResponseError(refusalCode, error.message, { kind: error.kind });
        }
        this.#options.log.warn(`answering ${method} failed: ${describe(error)}`);
        throw new ResponseError(ErrorCodes.InternalError, `${method} failed at the other end; its log has the cause`);
      }
    };
    this.#connection.onRequest(method, (raw, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort(new PeerClosedError(method, 'the caller has given up')));
      return answer(raw, AbortSignal.any([abort.signal, this.#gone.signal]));
    });
    this.#connection.onNotification(method, async (raw) => {
      try {
        await answer(raw, this.#gone.signal);
      } catch (error) {
        this.#options.log.warn(`notification ${method}: ${describe(error)}`);
      }
    });
  }

  /**
   * Asks the other end and waits for its answer.
   * @throws RemoteError it refused or failed. RequestTimeoutError no answer in time. PeerClosedError the connection
   *   ended. RpcSchemaError the parameters or the answer do not fit the table. FrameTooLargeError nothing was sent.
   */
  async request<M extends keyof Remote & string>(
    method: M,
    params: z.input<Remote[M]['params']>,
    options: RequestOptions,
  ): Promise<z.output<Remote[M]['result']>> {
    const { params: paramsSchema, result: resultSchema } = table(this.#options.remote, method);
    const checked = z.safeParse(paramsSchema, params);
    if (!checked.success) {
      throw new RpcSchemaError(method, 'parameters', z.prettifyError(checked.error));
    }
    options.signal?.throwIfAborted();
    if (this.#closeReason !== null || !this.isOpen) {
      throw new PeerClosedError(method, this.#closeReason ?? 'the socket is closing');
    }
    const raw = await this.#send(method, checked.data, options);
    const result = z.safeParse<Remote[M]['result']>(resultSchema, raw);
    if (!result.success) {
      throw new RpcSchemaError(method, 'result', z.prettifyError(result.error));
    }
    return result.data;
  }

  /**
   * Tells the other end without waiting for an answer. Lossy: nothing is sent, and false returned, when the connection
   * is not open or more than `maxBufferedBytes` already wait for a slow reader.
   */
  notify<M extends keyof Remote & string>(
    method: M,
    params: z.input<Remote[M]['params']>,
    maxBufferedBytes: number,
  ): boolean {
    if (!this.isOpen || this.#socket.bufferedAmount > maxBufferedBytes) {
      return false;
    }
    const checked = z.safeParse(table(this.#options.remote, method).params, params);
    if (!checked.success) {
      throw new RpcSchemaError(method, 'parameters', z.prettifyError(checked.error));
    }
    this.#connection
      .sendNotification(method, checked.data)
      .catch((error: unknown) => this.#options.log.warn(`sending ${method} failed: ${describe(error)}`));
    return true;
  }

  /** Ends the connection in good order, or by force when the other end does not answer within 2 s. Idempotent. */
  async close(reason = 'closed'): Promise<void> {
    this.#socket.close(1000, reason.slice(0, 100));
    const force = setTimeout(() => this.#socket.terminate(), 2000);
    await this.#closed;
    clearTimeout(force);
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#socket.terminate();
  }

  #send(method: string, params: object, options: RequestOptions): Promise<unknown> {
    const cancellation = new CancellationTokenSource();
    return new Promise<unknown>((resolve, reject) => {
      const giveUp = (error: unknown) => {
        settle();
        cancellation.cancel();
        reject(error);
      };
      const onAbort = () => giveUp(options.signal?.reason);
      const timer = setTimeout(() => giveUp(new RequestTimeoutError(method, options.timeoutMs)), options.timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onAbort);
      };
      options.signal?.addEventListener('abort', onAbort, { once: true });
      this.#connection.sendRequest<unknown>(method, params, cancellation.token).then(
        (result) => {
          settle();
          resolve(result);
        },
        (error: unknown) => {
          settle();
          reject(this.#translate(method, error));
        },
      );
    });
  }

  #translate(method: string, error: unknown): unknown {
    if (!(error instanceof ResponseError)) {
      return this.isOpen ? error : new PeerClosedError(method, this.#closeReason ?? 'the socket is closing');
    }
    if (
      error.code === ErrorCodes.PendingResponseRejected ||
      (error.code === ErrorCodes.MessageWriteError && !this.isOpen)
    ) {
      return new PeerClosedError(method, this.#closeReason ?? error.message);
    }
    if (error.code === ErrorCodes.MessageWriteError && this.#writer.tooLarge?.message === error.message) {
      return this.#writer.tooLarge;
    }
    const data = RefusalData.safeParse(error.data);
    return new RemoteError(method, error.code, data.success ? data.data.kind : null, error.message);
  }
}

function table<T extends MethodTable, M extends keyof T & string>(methods: T, method: M): T[M] {
  return methods[method];
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
