/**
 * The door of the agent server: one HTTP server on a Unix socket or a loopback port that only upgrades to WebSocket.
 * Every role has its own path, its own tokens and its own bound on frames. The token comes in the `Authorization`
 * header; a request with an `Origin` (a web page) or a foreign `Host` (DNS rebinding) is refused before anything else.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { unixUrl } from '../../protocol/dial.ts';
import { keepAlive } from '../../protocol/webSocketTransport.ts';
import { EndpointInUseError } from './endpointErrors.ts';
import { claimSocketPath, restrictSocket } from './unixSocket.ts';

export type Listen = { kind: 'unix'; path: string } | { kind: 'loopback'; port: number };

export interface RoleOptions<Identity> {
  /** Whose token this is, or null. Compare with `sameSecret`. */
  authenticate: (token: string) => Identity | null;
  /** The largest frame to accept, in bytes. */
  maxPayloadBytes: number;
  /** At most this many open connections; more are refused with 503. Default 1024. */
  maxConnections?: number;
  /** How often a connection is pinged, in milliseconds; silence for two intervals ends it. Default 10 s. */
  keepAliveMs?: number;
  /** Takes over an authenticated, open socket, and owns it. */
  onConnection: (socket: WebSocket, identity: Identity) => void;
}

interface Role {
  /** Completes the upgrade, or answers with the status to refuse it with. */
  admit: (token: string, request: IncomingMessage, stream: Duplex, head: Buffer) => number | null;
  close: () => void;
}

export class Endpoint {
  readonly #listen: Listen;
  readonly #http: Server;
  readonly #roles = new Map<string, Role>();

  private constructor(http: Server, listen: Listen) {
    this.#http = http;
    this.#listen = listen;
    http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      stream.on('error', () => stream.destroy());
      const status = this.#upgrade(request, stream, head);
      if (status !== null) {
        refuse(stream, status);
      }
    });
  }

  /**
   * Listens. A socket file left by a dead server is taken over; a live one is not.
   * @throws EndpointInUseError another server listens there. SocketPathError the path cannot be used.
   */
  static async start(listen: Listen): Promise<Endpoint> {
    const http = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 16_384 });
    http.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
    });
    http.on('clientError', (_error, stream) => refuse(stream, 400));
    if (listen.kind === 'unix') {
      await claimSocketPath(listen.path);
    }
    await new Promise<void>((resolve, reject) => {
      http.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? new EndpointInUseError(describe(listen)) : error),
      );
      const onListening = () => resolve();
      if (listen.kind === 'unix') {
        http.listen(listen.path, onListening);
      } else {
        http.listen(listen.port, '127.0.0.1', onListening);
      }
    });
    if (listen.kind === 'unix') {
      await restrictSocket(listen.path);
      return new Endpoint(http, listen);
    }
    const address = http.address();
    if (address === null || typeof address === 'string') {
      throw new Error('a TCP server that listens has an address');
    }
    return new Endpoint(http, { kind: 'loopback', port: address.port });
  }

  /** Where this role is dialled: `ws+unix:<socket>:/<role>` or `ws://127.0.0.1:<port>/<role>`. */
  urlFor(role: string): string {
    return this.#listen.kind === 'unix'
      ? unixUrl(this.#listen.path, `/${role}`)
      : `ws://127.0.0.1:${this.#listen.port}/${role}`;
  }

  /** The port it listens on, null on a Unix socket. */
  get port(): number | null {
    return this.#listen.kind === 'loopback' ? this.#listen.port : null;
  }

  /** Opens the door at `/<role>`. @returns a function that ends its connections and closes the door again */
  addRole<Identity>(role: string, options: RoleOptions<Identity>): () => void {
    if (this.#roles.has(role)) {
      throw new Error(`the role ${role} is already served by this endpoint`);
    }
    const { maxConnections = 1024, keepAliveMs = 10_000 } = options;
    const sockets = new WebSocketServer({
      noServer: true,
      maxPayload: options.maxPayloadBytes,
      perMessageDeflate: false,
      clientTracking: true,
    });
    const close = () => {
      for (const socket of sockets.clients) {
        socket.terminate();
      }
      sockets.close();
    };
    this.#roles.set(role, {
      close,
      admit: (token, request, stream, head) => {
        const identity = options.authenticate(token);
        if (identity === null) {
          return 401;
        }
        if (sockets.clients.size >= maxConnections) {
          return 503;
        }
        sockets.handleUpgrade(request, stream, head, (socket) => {
          socket.on('error', () => socket.terminate());
          keepAlive(socket, keepAliveMs);
          options.onConnection(socket, identity);
        });
        return null;
      },
    });
    return () => {
      this.#roles.delete(role);
      close();
    };
  }

  /** Ends all connections, stops to listen, and removes the socket file. Idempotent. */
  async close(): Promise<void> {
    for (const role of this.#roles.values()) {
      role.close();
    }
    this.#http.closeAllConnections();
    if (this.#http.listening) {
      await new Promise<void>((resolve) => this.#http.close(() => resolve()));
    }
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): number | null {
    if (request.headers.origin !== undefined || !this.#isOurHost(request.headers.host)) {
      return 403;
    }
    const role = this.#roles.get((request.url ?? '').slice(1));
    if (role === undefined) {
      return 404;
    }
    const token = /^Bearer ([\w.~+/=-]{1,512})$/.exec(request.headers.authorization ?? '')?.[1];
    return token === undefined ? 401 : role.admit(token, request, stream, head);
  }

  #isOurHost(host: string | undefined): boolean {
    if (this.#listen.kind === 'unix') {
      return host === 'localhost';
    }
    return host === `127.0.0.1:${this.#listen.port}` || host === `localhost:${this.#listen.port}`;
  }
}

/** Compares two secrets in a time that does not depend on where they differ, nor on their lengths. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

function refuse(stream: Duplex, status: number): void {
  if (stream.writable) {
    stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
  setTimeout(() => stream.destroy(), 1000).unref();
}

function describe(listen: Listen): string {
  return listen.kind === 'unix' ? listen.path : `127.0.0.1:${listen.port}`;
}
