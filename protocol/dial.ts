/** Opens a WebSocket to an agent server: token in a header, never in the URL; a deadline on the whole handshake. */
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ClientOptions, WebSocket } from 'ws';
import { DialError } from './rpcErrors.ts';

/** Largest frame between server and worker, in bytes: a result with the predictions file of a program. */
export const workerMaxPayloadBytes = 64 * 1024 * 1024;

export interface DialOptions {
  /** `ws+unix:/path/of.sock:/worker` (see `unixUrl`) or `ws://127.0.0.1:port/worker`. */
  url: string;
  token: string;
  /** Opens the stream to the address of `url` where this machine has none to it, e.g. through ssh. Default: a socket. */
  open?: (() => Duplex) | undefined;
  /** The largest frame to accept, in bytes. */
  maxPayloadBytes: number;
  timeoutMs: number;
  signal?: AbortSignal;
}

/**
 * An open WebSocket, which the caller owns.
 * @throws DialError nobody answered in time, or the server refused (`status` 401: the token, 403: origin or host).
 */
export function dial(options: DialOptions): Promise<WebSocket> {
  const { url, token, open, maxPayloadBytes, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const { address, host, connection } = destination(url, open);
    const socket = new WebSocket(address, {
      ...connection,
      headers: { authorization: `Bearer ${token}`, ...(host === undefined ? {} : { host }) },
      maxPayload: maxPayloadBytes,
      perMessageDeflate: false,
      followRedirects: false,
    });
    // Our own: `ws` leaves its deadline to the socket, which has none where we make it. A stopped server accepts and is silent.
    const timer = setTimeout(() => fail(new DialError(url, null, `no answer within ${timeoutMs} ms`)), timeoutMs);
    const fail = (error: unknown) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('open', onOpen);
      socket.terminate();
      reject(error);
    };
    const onAbort = () => fail(signal?.reason);
    const onOpen = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('unexpected-response', onRefused);
      resolve(socket);
    };
    const onRefused = (_request: unknown, response: { statusCode?: number; statusMessage?: string }) =>
      fail(new DialError(url, response.statusCode ?? 0, response.statusMessage ?? 'no reason given'));
    // Stays for the socket's life: terminating a dial raises 'error' once more, and nobody else may be listening.
    socket.on('error', (error) => fail(new DialError(url, null, error.message)));
    socket.once('unexpected-response', onRefused);
    socket.once('open', onOpen);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The URL of an HTTP path on a Unix socket. The socket's own path is percent-encoded, its colons too. */
export function unixUrl(socketPath: string, path: string): string {
  return `ws+unix:${socketPath.split('/').map(encodeURIComponent).join('/')}:${path}`;
}

interface Destination {
  address: string;
  /** Of the server as it knows itself; undefined: what follows from the address. */
  host?: string;
  connection: ClientOptions;
}

/**
 * `ws` takes a socket's path apart at colons and leaves `%20` as it is, hence our own reading of `ws+unix:` URLs, and a name that
 * stands for the path: it is never used, but VS Code leaves requests to a socket alone, while it sends all others through an
 * agent of its own that knows no `createConnection`.
 */
function destination(url: string, open: (() => Duplex) | undefined): Destination {
  const unix = /^ws\+unix:(?:\/\/)?(\/[^:]*):(\/.*)$/.exec(url);
  if (unix?.[1] === undefined || unix[2] === undefined) {
    if (open === undefined) return { address: url, connection: {} };
    const { host, pathname } = new URL(url);
    return { address: `ws+unix:/stream:${pathname}`, host, connection: through(open) };
  }
  const path = decodeURIComponent(unix[1]);
  return { address: `ws+unix:/socket:${unix[2]}`, connection: through(open ?? (() => connect(path))) };
}

/** Its type asks for a socket; `http` and `ws` take any stream that goes both ways. */
function through(open: () => Duplex): ClientOptions {
  return { createConnection: () => open() as Socket };
}
