/**
 * The one connection of this window. It looks for a server when a view is opened, starts one when a person wants something
 * that needs one, comes back by itself, and says at every moment how it stands.
 */
import type { ServerInfo } from '../../../protocol/clientViews.ts';
import type { RpcLog } from '../../../protocol/rpc.ts';
import {
  AgentServerClient,
  type LinkState,
  NotConnectedError,
  serverGoodbyes,
  type Target,
} from '../../../protocol/serverClient.ts';
import { Listeners, type Subscription } from '../../../protocol/subscription.ts';
import type { Route } from './route.ts';

export type Link =
  /** Nothing was looked for yet. */
  | { kind: 'none' }
  | { kind: 'absent' }
  | { kind: 'connecting'; step: string }
  | { kind: 'connected'; server: ServerInfo }
  /** It is being dialled again. */
  | { kind: 'lost'; reason: string; server: ServerInfo }
  | { kind: 'failed'; error: Error };

export interface ConnectionOptions {
  /** Made anew for every `switchTo`, from the settings of that moment. */
  route: () => Route;
  /** Names this window in the server's log. */
  name: string;
  build: string;
  log: RpcLog;
}

/** Longest wait for a connection; what starts a server, or a tunnel to it, has shorter bounds of its own. */
const connectMs = 150_000;
/** Longest wait for a server that hands over to let go. */
const handoverMs = 30_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #links = new Listeners<Link>();
  readonly #clients = new Listeners<AgentServerClient | null>();
  #route: Route;
  #client: AgentServerClient | null = null;
  #link: Link = { kind: 'none' };
  #looking: Promise<void> | null = null;
  #starting: Promise<AgentServerClient> | null = null;
  #rerouting: Promise<void> = Promise.resolve();
  /** Counts what was ended: an answer to what was begun before is dropped. */
  #generation = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#route = options.route();
  }

  get link(): Link {
    return this.#link;
  }

  get client(): AgentServerClient | null {
    return this.#client;
  }

  get isLocal(): boolean {
    return this.#route.isLocal;
  }

  /** Whose machine: as the server calls itself, or as the route does before it was heard, or where it knows better. */
  get machine(): string {
    if (this.#link.kind !== 'connected' && this.#link.kind !== 'lost') return this.#route.machine;
    const { host } = this.#link.server;
    return this.#route.nameOf?.(host) ?? host;
  }

  onLink(listener: (link: Link) => void): Subscription {
    return this.#links.add(listener);
  }

  /** Told with each new client before it is connected, and with null when there is none any more. */
  onClient(listener: (client: AgentServerClient | null) => void): Subscription {
    return this.#clients.add(listener);
  }

  /** Connects if a server is there. Starts nothing, throws nothing: `link` says what came of it. */
  async look(): Promise<void> {
    await this.#rerouting;
    if (this.#client !== null || this.#starting !== null) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  /** A connected client; the server is started where there is none. @throws what kept it from coming up */
  async need(): Promise<AgentServerClient> {
    await this.#rerouting;
    await this.#looking;
    if (this.#client !== null) {
      await this.#client.ready(connectMs);
      return this.#client;
    }
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  /** @throws {NotConnectedError} if there is no connection at this moment */
  get(): AgentServerClient {
    if (this.#client === null) throw new NotConnectedError('no agent server is running');
    return this.#client;
  }

  /** Lets go, and takes the way that the settings now name. What is wanted meanwhile waits for it. */
  reroute(): Promise<void> {
    this.#rerouting = this.#rerouting.then(async () => {
      await this.#route.dispose();
      await this.close();
      // What was begun on the former way ends with it.
      await Promise.allSettled([this.#looking, this.#starting]);
      this.#route = this.#options.route();
      this.#enter({ kind: 'none' });
    });
    return this.#rerouting;
  }

  /** Has the server hand over its runs, and starts one of this build. @throws what kept the new one from coming up */
  async replaceServer(): Promise<void> {
    const client = this.get();
    const gone = new Promise<void>((resolve) => {
      const subscription = client.onState(({ kind }) => {
        if (kind === 'connected') return;
        subscription.dispose();
        resolve();
      });
    });
    await client.request('server.stop', { how: 'handover' });
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, handoverMs).unref())]);
    await this.close();
    await this.need();
  }

  /** Ends the connection; server and runs go on. */
  async close(): Promise<void> {
    this.#generation += 1;
    const client = this.#client;
    this.#adopt(null);
    await client?.dispose();
    this.#enter({ kind: 'absent' });
  }

  async dispose(): Promise<void> {
    await this.#route.dispose();
    await this.close();
  }

  async #look(): Promise<void> {
    const generation = this.#generation;
    this.#enter({ kind: 'connecting', step: '' });
    try {
      const target = await this.#route.find();
      if (generation !== this.#generation) return;
      if (target === null) this.#enter({ kind: 'absent' });
      else await this.#connect(target).ready(connectMs);
    } catch (error) {
      this.#fail(error, generation);
    }
  }

  async #start(): Promise<AgentServerClient> {
    const generation = this.#generation;
    this.#enter({ kind: 'connecting', step: '' });
    try {
      const target = await this.#route.start((step) => {
        if (generation === this.#generation) this.#enter({ kind: 'connecting', step });
      });
      if (generation !== this.#generation) throw new NotConnectedError('another server was chosen meanwhile');
      const client = this.#connect(target);
      await client.ready(connectMs);
      return client;
    } catch (error) {
      this.#fail(error, generation);
      throw error;
    }
  }

  #connect(target: Target): AgentServerClient {
    const { name, build, log } = this.#options;
    const { maxBackoffMs } = this.#route;
    const backoff = maxBackoffMs === undefined ? {} : { maxBackoffMs };
    const client = new AgentServerClient({ target, kind: 'vscode', name, build, log, ...backoff });
    client.onState((state) => {
      if (this.#client === client) this.#follow(state);
    });
    this.#adopt(client);
    return client;
  }

  #adopt(client: AgentServerClient | null): void {
    if (this.#client === client) return;
    this.#client = client;
    this.#clients.tell(client);
  }

  #follow(state: LinkState): void {
    switch (state.kind) {
      case 'connecting':
        return;
      case 'connected':
        this.#enter({ kind: 'connected', server: state.server });
        return;
      case 'reconnecting':
        if (this.#link.kind === 'connected' || this.#link.kind === 'lost')
          this.#enter({ kind: 'lost', reason: state.reason, server: this.#link.server });
        return;
      case 'stopped':
        this.#adopt(null);
        if (state.error === null || state.reason === serverGoodbyes.stopped) this.#enter({ kind: 'absent' });
        else this.#enter({ kind: 'failed', error: state.error });
    }
  }

  #fail(error: unknown, generation: number): void {
    if (generation !== this.#generation) return;
    const client = this.#client;
    this.#adopt(null);
    void client?.dispose();
    this.#enter({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
  }

  #enter(link: Link): void {
    this.#link = link;
    this.#links.tell(link);
  }
}
