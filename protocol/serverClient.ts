/**
 * A client of the agent server: finds or starts it, says hello, asks, listens, and comes back by itself when the
 * connection, the machine's sleep or the server's upgrade has cut it off. It needs Node and nothing of the server's code.
 *
 * ```ts
 * const client = new AgentServerClient({ target: localServer({ home, command }), kind: 'cli', name: 'aira2', build, log });
 * await client.ready();
 * const { runs } = await client.request('runs.list', {});
 * const feed = new RunFeed(client, runs[0].id);
 * ```
 */
import type { WebSocket } from 'ws';
import type * as z from 'zod';
import { clientRefusals, clientToServer, maxClientFrameBytes, maxServerFrameBytes, serverToClient } from './client.ts';
import { clientProtocol, type ServerInfo } from './clientViews.ts';
import {
  findOrStart,
  findServer,
  type LocalServerOptions,
  type ServerAddress,
  ServerStartError,
} from './findServer.ts';
import { ReconnectingConnection } from './reconnecting.ts';
import { type HandlerContext, Peer, type RpcLog } from './rpc.ts';
import { DialError, EndOfAttemptsError, PeerClosedError, RemoteError, RequestTimeoutError } from './rpcErrors.ts';
import { Listeners, type Subscription } from './subscription.ts';

type Asked = typeof clientToServer;
type Told = typeof serverToClient;
export type ServerMethod = keyof Asked & string;
export type ServerNotification = Exclude<keyof Told & string, 'model.generate'>;
export type ParamsOf<M extends ServerMethod> = z.input<Asked[M]['params']>;
export type ResultOf<M extends ServerMethod> = z.output<Asked[M]['result']>;
export type NotificationOf<N extends ServerNotification> = z.output<Told[N]['params']>;
export type GenerateHandler = (
  params: z.output<Told['model.generate']['params']>,
  context: HandlerContext,
) => Promise<z.input<Told['model.generate']['result']>>;

/** `stopped` is for good: make a new client to try again. */
export type LinkState =
  | { kind: 'connecting' }
  | { kind: 'connected'; server: ServerInfo }
  | { kind: 'reconnecting'; reason: string }
  | { kind: 'stopped'; reason: string; error: Error | null };

/**
 * Read before every attempt. `mayStart` is false while another client is about to start a newer server; the signal says that
 * nobody waits for it any more.
 */
export type Target = (how: { mayStart: boolean; signal: AbortSignal }) => Promise<ServerAddress>;

export interface AgentServerClientOptions {
  target: Target;
  kind: 'vscode' | 'cli' | 'other';
  /** Names this window for people who read the server's log. */
  name: string;
  build: string;
  log: RpcLog;
  /** How often the server is pinged, in milliseconds; silence for two intervals is a lost connection. Default 10 s. */
  keepAliveMs?: number;
  /** Longest wait between attempts, in milliseconds. Default 5 s. */
  maxBackoffMs?: number;
}

/** The connection is gone for good, or was not there in time. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';

  constructor(reason: string) {
    super(`Not connected with the agent server: ${reason}`);
  }
}

/** Why a server ends a connection in good order. Reasons of WebSocket close frames. */
export const serverGoodbyes = {
  /** A person stopped it, or it was idle: nobody starts it again unasked. */
  stopped: 'the server was stopped',
  /** Another server takes over: wait for it. */
  handover: 'the server hands over',
} as const;

const helloMs = 15_000;
const defaultTimeoutMs = 30_000;
const longTimeoutMs = 60 * 60_000;
/** How long to wait for the server that takes over before starting one. */
const handoverMs = 20_000;
/** A server that refuses us is asked again a few times: its token may just have changed. */
const refusalsInARow = 3;

/** Asking twice does no harm: asked again after a lost connection. What begins something is begun once under its operation. */
const repeatable: ReadonlySet<string> = new Set<ServerMethod>([
  ...(['server.get', 'machine.get', 'machine.doctor', 'environment.setUp', 'keys.set', 'models.offered'] as const),
  ...(['tasks.list', 'task.get', 'task.validate', 'task.prepare', 'task.check'] as const),
  ...(['runs.list', 'run.plan', 'run.start', 'run.get', 'run.snapshot', 'run.events', 'run.report'] as const),
  ...(['run.fork', 'run.cross', 'run.submit', 'candidate.reevaluate'] as const),
  ...(['candidate.mark', 'candidate.files', 'candidate.file', 'candidate.log'] as const),
  ...(['trajectory.page', 'trajectory.output'] as const),
]);
const long: ReadonlySet<string> = new Set<ServerMethod>([
  ...(['machine.doctor', 'environment.setUp', 'model.test', 'task.prepare', 'task.check', 'run.start'] as const),
  ...(['run.unseal', 'candidate.export', 'server.stop', 'run.resume'] as const),
]);

export class AgentServerClient {
  readonly #options: AgentServerClientOptions;
  readonly #connection: ReconnectingConnection;
  readonly #states = new Listeners<LinkState>();
  readonly #notifications = new Map<string, Listeners<unknown>>();
  readonly #kept = new Set<() => Promise<void>>();
  #peer: Peer<Told, Asked> | null = null;
  #generate: GenerateHandler | null = null;
  #state: LinkState = { kind: 'connecting' };
  #wasConnected = false;
  #waitForAnotherUntil = 0;
  #refusals = 0;
  #goodbye: string | null = null;
  #failure: Error | null = null;

  /** Begins to connect at once. */
  constructor(options: AgentServerClientOptions) {
    this.#options = options;
    this.#connection = new ReconnectingConnection({
      target: (signal) => options.target({ mayStart: Date.now() >= this.#waitForAnotherUntil, signal }),
      maxPayloadBytes: maxServerFrameBytes,
      helloTimeoutMs: helloMs,
      ...(options.keepAliveMs === undefined ? {} : { keepAliveMs: options.keepAliveMs }),
      backoff: { firstMs: 100, maxMs: options.maxBackoffMs ?? 5000, factor: 2 },
      onConnected: (socket) => this.#hello(socket),
      onDisconnected: (reason) => this.#disconnected(reason),
      onFailedAttempt: (error) => this.#attemptFailed(error),
    });
    this.#connection.ended.then(
      () => this.#stopped(),
      (error: unknown) => {
        this.#failure = asError(error);
        this.#stopped();
      },
    );
  }

  get state(): LinkState {
    return this.#state;
  }

  onState(listener: (state: LinkState) => void): Subscription {
    return this.#states.add(listener);
  }

  /** Resolves when connected. @throws why it will never be; {NotConnectedError} after `timeoutMs` */
  ready(timeoutMs = 30_000, signal?: AbortSignal): Promise<ServerInfo> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        subscription.dispose();
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const look = (state: LinkState) => {
        if (state.kind === 'connected') settle(() => resolve(state.server));
        if (state.kind === 'stopped') settle(() => reject(state.error ?? new NotConnectedError(state.reason)));
      };
      const onAbort = () => settle(() => reject(signal?.reason));
      const timer = setTimeout(
        () => settle(() => reject(new NotConnectedError(`no connection within ${timeoutMs / 1000} s`))),
        timeoutMs,
      );
      const subscription = this.#states.add(look);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
      else look(this.#state);
    });
  }

  /**
   * Asks, waiting for the connection if there is none at this moment. What only looks, or goes by the name of an operation, is
   * asked again if the connection is lost before the answer.
   * @throws RemoteError in the server's words, its `kind` one of `clientRefusals`; NotConnectedError; PeerClosedError the
   *   connection was lost: it may have been carried out; RequestTimeoutError; RpcSchemaError
   */
  async request<M extends ServerMethod>(
    method: M,
    params: ParamsOf<M>,
    { timeoutMs = long.has(method) ? longTimeoutMs : defaultTimeoutMs, signal }: RequestHow = {},
  ): Promise<ResultOf<M>> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const peer = this.#peer ?? (await this.#waitForPeer(deadline - Date.now(), signal));
      const left = deadline - Date.now();
      if (left <= 0) throw new RequestTimeoutError(method, timeoutMs);
      try {
        return await peer.request(method, params, { timeoutMs: left, ...(signal === undefined ? {} : { signal }) });
      } catch (error) {
        if (!(error instanceof PeerClosedError) || !repeatable.has(method)) throw error;
        if (this.#peer === peer) this.#peer = null;
      }
    }
  }

  /** Listens to what the server tells unasked. */
  on<N extends ServerNotification>(notification: N, listener: (params: NotificationOf<N>) => void): Subscription {
    let listeners = this.#notifications.get(notification);
    if (listeners === undefined) {
      listeners = new Listeners<unknown>();
      this.#notifications.set(notification, listeners);
    }
    // What arrives under this name has passed this name's schema.
    return listeners.add(listener as (params: unknown) => void);
  }

  /** Answers for the models that this client offers with `models.offer`. Refuse with `RpcRefusal(bridgeRefusals.…)`. */
  answerGenerate(handler: GenerateHandler): void {
    this.#generate = handler;
  }

  /**
   * Does it now, and again on every new connection: for what a connection forgets (`runs.watch`, `models.offer`). What it
   * throws is logged; the next connection tries again.
   */
  keep(act: () => Promise<unknown>): Subscription {
    const run = () =>
      act().then(
        () => undefined,
        (error: unknown) => this.#options.log.warn(`after connecting: ${asError(error).message}`),
      );
    this.#kept.add(run);
    if (this.#peer !== null) void run();
    return { dispose: () => this.#kept.delete(run) };
  }

  /** Lets go of the present connection and dials again: after a machine's sleep, say. */
  reconnect(): void {
    this.#connection.drop();
  }

  /** Ends the connection. The server and its runs go on. */
  async dispose(): Promise<void> {
    this.#goodbye ??= 'this client was closed';
    await this.#connection.stop();
  }

  async #waitForPeer(timeoutMs: number, signal: AbortSignal | undefined): Promise<Peer<Told, Asked>> {
    await this.ready(Math.max(0, timeoutMs), signal);
    if (this.#peer === null) throw new NotConnectedError('the connection was lost');
    return this.#peer;
  }

  async #hello(socket: WebSocket): Promise<void> {
    const { kind, name, build, log } = this.#options;
    const peer = new Peer(socket, {
      local: serverToClient,
      remote: clientToServer,
      maxPayloadBytes: maxClientFrameBytes,
      log,
    });
    for (const notification of notifications) peer.handle(notification, (params) => this.#told(notification, params));
    peer.handle('model.generate', (params, context) => {
      if (this.#generate === null) throw new Error('this client offers no model');
      return this.#generate(params, context);
    });
    peer.listen();
    const { server } = await peer.request(
      'hello',
      { protocol: clientProtocol, build, kind, name },
      { timeoutMs: helloMs },
    );
    this.#peer = peer;
    this.#wasConnected = true;
    this.#waitForAnotherUntil = 0;
    this.#refusals = 0;
    this.#enter({ kind: 'connected', server });
    for (const act of this.#kept) void act();
  }

  #told(notification: ServerNotification, params: unknown): Record<string, never> {
    if (notification === 'server.changed' && this.#state.kind === 'connected') {
      const { server } = params as NotificationOf<'server.changed'>;
      this.#enter({ kind: 'connected', server });
    }
    this.#notifications.get(notification)?.tell(params);
    return {};
  }

  #disconnected(reason: string): void {
    this.#peer = null;
    if (reason === serverGoodbyes.stopped) {
      this.#goodbye = reason;
      void this.#connection.stop();
      return;
    }
    if (reason === serverGoodbyes.handover) this.#waitForAnotherUntil = Date.now() + handoverMs;
    if (this.#goodbye === null) this.#enter({ kind: 'reconnecting', reason });
  }

  #attemptFailed(error: unknown): 'retry' | 'stop' {
    const failure = asError(error);
    if (this.#isFinal(failure)) {
      this.#failure = failure;
      return 'stop';
    }
    if (this.#wasConnected) this.#enter({ kind: 'reconnecting', reason: failure.message });
    return 'retry';
  }

  /** Before the first connection every failure is told at once: somebody waits for it. */
  #isFinal(error: Error): boolean {
    if (!this.#wasConnected) return true;
    if (error instanceof RemoteError && error.kind === clientRefusals.hello) return true;
    if (error instanceof EndOfAttemptsError) return true;
    const isRefused = error instanceof DialError && (error.status === 401 || error.status === 403);
    this.#refusals = isRefused ? this.#refusals + 1 : 0;
    return this.#refusals >= refusalsInARow;
  }

  #stopped(): void {
    this.#peer = null;
    const error = this.#failure;
    this.#enter({ kind: 'stopped', reason: error?.message ?? this.#goodbye ?? 'it was closed', error });
  }

  #enter(state: LinkState): void {
    if (this.#state.kind === 'stopped') return;
    this.#state = state;
    this.#states.tell(state);
  }
}

export interface RequestHow {
  /** Waiting for the connection included. Default 30 s; an hour for what tells its progress. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A server that ends again and again as it starts is not started any more. */
export class StartsFailingError extends EndOfAttemptsError {
  override readonly name = 'StartsFailingError';

  constructor(cause: Error) {
    super(`The agent server was started ${startsPerMinute} times within a minute and does not stay. ${cause.message}`, {
      cause,
    });
  }
}

const startsPerMinute = 3;

/** A target: the server of this user and machine, started when it is not there. */
export function localServer(options: LocalServerOptions): Target {
  const starts: number[] = [];
  return async ({ mayStart }) => {
    const found = await findServer(options.home);
    if (found !== null) return found;
    if (!mayStart) throw new NotConnectedError('another server is about to take over');
    while (starts[0] !== undefined && starts[0] < Date.now() - 60_000) starts.shift();
    const noMore = new Error('It ended soon after each start.');
    if (starts.length >= startsPerMinute) throw new StartsFailingError(noMore);
    starts.push(Date.now());
    try {
      return await findOrStart(options);
    } catch (error) {
      if (error instanceof ServerStartError && starts.length >= startsPerMinute) throw new StartsFailingError(error);
      throw error;
    }
  };
}

/** A target: the server of this user and machine, if there is one. It is never started. */
export function runningServer(home: string): Target {
  return async () => {
    const found = await findServer(home);
    if (found === null) throw new NotConnectedError('no agent server is running');
    return found;
  };
}

const notifications = (Object.keys(serverToClient) as (keyof Told & string)[]).filter(
  (name): name is ServerNotification => name !== 'model.generate',
);

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
