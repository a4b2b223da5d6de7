/** The agent server: one for each user, machine and home. It hosts runs, outlives windows, and answers their clients. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { clientRefusals, maxClientFrameBytes } from '../../protocol/client.ts';
import { clientProtocol, type ServerInfo } from '../../protocol/clientViews.ts';
import { type ServerPaths, serverPaths } from '../../protocol/discovery.ts';
import { findServer } from '../../protocol/findServer.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { serverGoodbyes } from '../../protocol/serverClient.ts';
import { virtualEnvironment } from '../api/pythonEnvironment.ts';
import { RefusedError } from '../api/refusal.ts';
import { serverInfo } from '../api/serverInfo.ts';
import type { ChatModel } from '../models/chatModel.ts';
import { sharedGovernors } from '../models/governor/sharedGovernors.ts';
import { createModel } from '../models/registry.ts';
import { createEditorModel, editorModelId, editorPrefix } from '../models/vscode/index.ts';
import { LockedError, takeLock } from '../store/processLock.ts';
import { Endpoint, type Listen, sameSecret } from '../transport/endpoint.ts';
import { socketPathFor } from '../transport/unixSocket.ts';
import { ClientSession } from './clientSession.ts';
import { claimServerFolder, publish, withdraw } from './discoveryFile.ts';
import { HostedList } from './hostedList.ts';
import { Hosting } from './hosting.ts';
import { IdleWatch } from './idleWatch.ts';
import { KeyRing } from './keyRing.ts';
import { candidateMethods } from './methods/candidates.ts';
import { machineMethods } from './methods/machine.ts';
import { newRunMethods } from './methods/newRuns.ts';
import { runMethods } from './methods/runs.ts';
import { selfMethods } from './methods/self.ts';
import { steeringMethods } from './methods/steering.ts';
import { taskMethods } from './methods/tasks.ts';
import type { Methods } from './methods.ts';
import { Offers } from './offers.ts';
import { Operations } from './operations.ts';
import { RunCatalog } from './runCatalog.ts';
import { RunWatch } from './runWatch.ts';
import type { ServerParts } from './server.ts';
import { WorkersWatch } from './workersWatch.ts';

export interface AgentServerOptions {
  home: string;
  /** null: a Unix socket. 0: any free port. */
  port: number | null;
  /** Milliseconds without clients and runs after which it ends; null: never. */
  idleExitMs: number | null;
  environment: NodeJS.ProcessEnv;
  /** Opened when it is certain that this is the server. */
  openLog: (path: string) => Logger;
}

/** Another server is there, or comes. */
export class ServerIsThereError extends Error {
  override readonly name = 'ServerIsThereError';
  readonly pid: number;

  constructor(pid: number) {
    super(`the agent server of this home is process ${pid}`);
    this.pid = pid;
  }
}

const clientRole = 'client';
/** How long a server that ends may take to let go. */
const predecessorMs = 30_000;
const tellEveryMs = 1000;
/** From the last answer to the end of the connection: so that it is read. */
const farewellMs = 100;

export class AgentServer {
  readonly #options: AgentServerOptions;
  readonly #log: Logger;
  readonly #paths: ServerPaths;
  readonly #endpoint: Endpoint;
  readonly #unlock: () => Promise<void>;
  readonly #token = randomBytes(32).toString('base64url');
  readonly #sessions = new Set<ClientSession>();
  readonly #hosting: Hosting;
  readonly #offers = new Offers();
  readonly #runWatch: RunWatch;
  readonly #workersWatch: WorkersWatch;
  readonly #operations = new Operations();
  readonly #methods: Methods;
  readonly #idle: IdleWatch;
  readonly #ended = Promise.withResolvers<void>();
  #clients = 0;
  #isDraining = false;
  #ending: Promise<void> | null = null;
  #isTellingLater = false;

  /**
   * Listens, is found, and takes up what the server before it hosted.
   * @throws {ServerIsThereError} if another one is there; {RefusedError}
   */
  static async start(options: AgentServerOptions): Promise<AgentServer> {
    const paths = serverPaths(options.home);
    await claimServerFolder(paths);
    const unlock = await placeOf(options.home, paths);
    try {
      const log = options.openLog(paths.log);
      const listen: Listen =
        options.port === null
          ? { kind: 'unix', path: socketPathFor(paths.state) }
          : { kind: 'loopback', port: options.port };
      const endpoint = await Endpoint.start(listen);
      const list = await HostedList.open(paths.hosted);
      const server = new AgentServer(options, { paths, endpoint, unlock, list, log });
      try {
        await server.#publish();
      } catch (error) {
        await endpoint.close();
        throw error;
      }
      log.info(server.info(), 'this server listens');
      void server.#hosting.takeUpAll();
      return server;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  private constructor(
    options: AgentServerOptions,
    parts: { paths: ServerPaths; endpoint: Endpoint; unlock: () => Promise<void>; list: HostedList; log: Logger },
  ) {
    const { home, environment } = options;
    const { log } = parts;
    this.#options = options;
    this.#log = log;
    this.#paths = parts.paths;
    this.#endpoint = parts.endpoint;
    this.#unlock = parts.unlock;
    const keys = new KeyRing(environment);
    const modelOf = (id: string): ChatModel => {
      const inEditor = editorModelId(id);
      return inEditor === null ? createModel(id, keys.environment()) : createEditorModel(inEditor, this.#offers);
    };
    const venv = () => virtualEnvironment(home, environment);
    const catalog = new RunCatalog(home, (id) => this.#hosting.get(id)?.store ?? null);
    this.#workersWatch = new WorkersWatch(() => this.#hosting, this.#sessions);
    this.#hosting = new Hosting({
      home,
      venv,
      modelOf,
      door: () => ({ url: this.#endpoint.urlFor(clientRole), token: this.#token }),
      list: parts.list,
      log,
      onEvent: (run) => {
        catalog.grown(run);
        this.#runWatch.changed(run);
      },
      onActivity: (run) => this.#workersWatch.changed(run),
      onChange: (run) => {
        catalog.forget(run);
        this.#runWatch.changed(run);
        this.#workersWatch.changed(run);
        this.#changed();
        this.#idle.look();
        if (this.#isDraining && this.#hosting.live().length === 0) this.stop('idle');
      },
    });
    this.#runWatch = new RunWatch({
      home,
      catalog,
      sessions: this.#sessions,
      isHosted: (id) => this.#hosting.get(id) !== null,
      log,
    });
    this.#idle = new IdleWatch({
      idleExitMs: options.idleExitMs,
      isBusy: () => this.#sessions.size > 0 || this.#hosting.live().length > 0 || this.#operations.underWay > 0,
      isHomeless: () => !existsSync(this.#paths.discovery) && this.#hosting.live().length === 0,
      end: (why) => {
        log.info(why);
        this.stop('idle');
      },
    });
    this.#offers.onChange(() => this.#editorsChanged());
    const shared: ServerParts = {
      home,
      log,
      catalog,
      hosting: this.#hosting,
      keys,
      offers: this.#offers,
      operations: this.#operations,
      runWatch: this.#runWatch,
      workersWatch: this.#workersWatch,
      sessions: this.#sessions,
      info: () => this.info(),
      venv,
      modelOf,
      requireOpen: () => this.#requireOpen(),
      stop: (how) => this.stop(how),
      changed: () => this.#changed(),
    };
    this.#methods = {
      ...selfMethods(shared),
      ...machineMethods(shared),
      ...taskMethods(shared),
      ...newRunMethods(shared),
      ...runMethods(shared),
      ...steeringMethods(shared),
      ...candidateMethods(shared),
    };
    this.#endpoint.addRole(clientRole, {
      authenticate: (given) => (sameSecret(given, this.#token) ? clientRole : null),
      maxPayloadBytes: maxClientFrameBytes,
      maxConnections: 256,
      onConnection: (socket) => this.#accept(socket),
    });
  }

  /** Resolves when nothing of it is left. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  info(): ServerInfo {
    return serverInfo({
      home: this.#options.home,
      log: this.#paths.log,
      draining: this.#isDraining,
      clients: [...this.#sessions].filter(({ hello }) => hello !== null).length,
      liveRuns: this.#hosting.live(),
    });
  }

  /** See `server.stop`. Answers first, ends then. @throws {RefusedError} for `idle` while a run is live */
  stop(how: 'idle' | 'drain' | 'handover'): void {
    const live = this.#hosting.live();
    if (how === 'idle' && live.length > 0)
      throw new RefusedError(
        'refused',
        `${live.length === 1 ? `Run ${live[0]} is` : `${live.length} runs are`} live. Drain the server to let them end first, or hand over: the next server takes them up.`,
      );
    if (how === 'drain' && live.length > 0) {
      this.#isDraining = true;
      this.#changed();
      return;
    }
    this.#isDraining = true;
    this.#ending ??= this.#end(how === 'handover' ? 'handover' : 'stopped');
  }

  async #end(how: keyof typeof serverGoodbyes): Promise<void> {
    const log = this.#log;
    try {
      log.info({ how }, 'this server ends');
      this.#idle.close();
      if (how === 'handover') await this.#hosting.handOver('the server hands over to another one');
      // Nobody finds it any more; those who are here hear why it ends.
      await withdraw(this.#paths, this.#token);
      await sleep(farewellMs);
      await Promise.all([...this.#sessions].map((session) => session.peer.close(serverGoodbyes[how])));
      this.#runWatch.close();
      this.#workersWatch.close();
      await this.#endpoint.close();
    } catch (error) {
      log.error({ err: error }, 'ending this server failed');
    } finally {
      await this.#unlock();
      this.#ended.resolve();
    }
  }

  async #publish(): Promise<void> {
    const { build, buildTime, pid, startedAt } = this.info();
    const url = this.#endpoint.urlFor(clientRole);
    const protocol = clientProtocol.max;
    await publish(this.#paths, { protocol, pid, url, token: this.#token, build, buildTime, startedAt });
  }

  #accept(socket: WebSocket): void {
    const log = this.#log;
    this.#clients += 1;
    const session = new ClientSession(socket, this.#clients, this.#methods, log);
    this.#sessions.add(session);
    this.#idle.look();
    void session.peer.closed.then((reason) => {
      this.#sessions.delete(session);
      this.#offers.withdraw(session);
      if (session.hello !== null) log.info({ client: session.number, reason }, 'a client has gone');
      this.#changed();
      this.#idle.look();
    });
  }

  #requireOpen(): void {
    if (!this.#isDraining) return;
    throw new RpcRefusal(
      clientRefusals.draining,
      'This agent server ends when its runs have ended, and takes no new ones. Start another one then.',
    );
  }

  /** Agents that wait for a window need not wait any longer than it takes to ask it. */
  #editorsChanged(): void {
    for (const { id } of this.#offers.models()) sharedGovernors.tryAgain(`${editorPrefix}${id}`);
  }

  #changed(): void {
    if (this.#isTellingLater) return;
    this.#isTellingLater = true;
    setTimeout(() => {
      this.#isTellingLater = false;
      const server = this.info();
      for (const session of this.#sessions) if (session.hello !== null) session.notify('server.changed', { server });
    }, tellEveryMs).unref();
  }
}

/** One server for each user, machine and home: the lock is held for its whole life. One that is just ending is waited for. */
async function placeOf(home: string, paths: ServerPaths): Promise<() => Promise<void>> {
  for (const deadline = Date.now() + predecessorMs; ; await sleep(100)) {
    try {
      return await takeLock(paths.lock);
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      const isListening = (await findServer(home).catch(() => null)) !== null;
      if (isListening || Date.now() > deadline) throw new ServerIsThereError(error.pid);
    }
  }
}
