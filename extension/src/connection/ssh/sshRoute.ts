/**
 * The agent server of another machine, through the person's ssh: found there, or put there and started, and reached at its
 * socket. Every attempt to reach it looks anew: the server may have moved.
 */
import { maxServerFrameBytes } from '../../../../protocol/client.ts';
import { dial } from '../../../../protocol/dial.ts';
import type { ServerAddress } from '../../../../protocol/findServer.ts';
import { DialError, EndOfAttemptsError } from '../../../../protocol/rpcErrors.ts';
import type { Target } from '../../../../protocol/serverClient.ts';
import { NotConnectedError } from '../../../../protocol/serverClient.ts';
import { RestrictedError } from '../localRoute.ts';
import type { Route } from '../route.ts';
import { readBuildStamp } from '../serverBundle.ts';
import { install, probe, type RemoteMachine, start } from './remoteServer.ts';
import { SshError, type SshOptions } from './ssh.ts';
import { listeningOf, SshStream } from './sshStream.ts';

export interface SshRouteOptions extends Omit<SshOptions, 'signal'> {
  extensionFolder: string;
  mayStart: () => boolean;
  /** For the log. */
  say: (line: string) => void;
}

/** How long a server may take to answer, through a connection that has yet to be opened. */
const answerMs = 30_000;
/** Hosts lock out who knocks and is refused again and again; a server that ends as it starts is not started for ever. */
const failuresInARow = 3;

export function sshRoute(options: SshRouteOptions): Route {
  return new SshRoute(options);
}

class SshRoute implements Route {
  readonly machine: string;
  readonly isLocal = false;
  /** Each attempt is a session on somebody's machine. */
  readonly maxBackoffMs = 30_000;
  readonly #options: SshRouteOptions;
  readonly #disposed = new AbortController();
  /** What `find` or `start` has just seen: the first attempt need not look again. */
  #fresh: ServerAddress | null = null;
  #failures = 0;

  constructor(options: SshRouteOptions) {
    this.#options = options;
    this.machine = options.host;
  }

  /** The name that the person knows, and the machine's own: behind one name there may be several machines. */
  nameOf(server: string): string {
    const own = server.split('.')[0] ?? server;
    const known = this.machine.replace(/^.*@/, '').split('.')[0];
    return own === known ? this.machine : `${this.machine} (${own})`;
  }

  async find(): Promise<Target | null> {
    const { id } = await readBuildStamp(this.#options.extensionFolder);
    const ssh = this.#ssh(this.#disposed.signal);
    this.#fresh = await this.#reach(ssh, await probe(ssh, id));
    return this.#fresh === null ? null : this.#target(id);
  }

  async start(report: (step: string) => void): Promise<Target> {
    const { id } = await readBuildStamp(this.#options.extensionFolder);
    report(`Looking for the agent server on ${this.machine} …`);
    this.#fresh = await this.#findOrStart(this.#ssh(this.#disposed.signal), id, true, report);
    return this.#target(id);
  }

  async dispose(): Promise<void> {
    this.#disposed.abort();
  }

  /** A server that died is started again where there is one of this build: its runs are taken up. */
  #target(buildId: string): Target {
    return async ({ mayStart, signal }) => {
      const fresh = this.#fresh;
      this.#fresh = null;
      if (fresh !== null) return fresh;
      try {
        const ssh = this.#ssh(AbortSignal.any([this.#disposed.signal, signal]));
        const address = await this.#findOrStart(ssh, buildId, mayStart, this.#options.say);
        this.#failures = 0;
        return address;
      } catch (error) {
        if (!(error instanceof SshError)) throw error;
        if (error.problem === 'link') throw error;
        this.#failures += 1;
        if (this.#failures < failuresInARow) throw error;
        throw new EndOfAttemptsError(error.message, { cause: error });
      }
    };
  }

  #ssh(signal: AbortSignal): SshOptions {
    const { host, configFile } = this.#options;
    return { host, configFile, signal };
  }

  async #findOrStart(
    ssh: SshOptions,
    buildId: string,
    mayStart: boolean,
    report: (step: string) => void,
  ): Promise<ServerAddress> {
    const machine = await probe(ssh, buildId);
    const found = await this.#reach(ssh, machine);
    if (found !== null) return found;
    if (!mayStart) throw new NotConnectedError(`no agent server is running on ${this.nameOf(machine.host)}`);
    if (!this.#options.mayStart()) throw new RestrictedError();
    await this.#bringUp(ssh, machine, buildId, report);
    const started = await this.#reach(ssh, await probe(ssh, buildId));
    if (started === null)
      throw new SshError(this.machine, 'there', 'its agent server has started and cannot be reached');
    return started;
  }

  async #bringUp(
    ssh: SshOptions,
    machine: RemoteMachine,
    buildId: string,
    report: (step: string) => void,
  ): Promise<void> {
    const { node } = machine;
    if (node === null) throw noNode(this.machine);
    if (!machine.isInstalled) {
      report(`Installing the agent server on ${this.machine} …`);
      await install(ssh, { ...machine, node }, this.#options.extensionFolder, buildId);
    }
    report(`Starting the agent server on ${this.machine} …`);
    await start(ssh, { ...machine, node }, buildId);
  }

  /**
   * The way to the server that the machine tells of; null if it tells of none, or that one is gone.
   * @throws {SshError} if ssh does not get there, or the server does not answer
   */
  async #reach(ssh: SshOptions, { discovery, node }: RemoteMachine): Promise<ServerAddress | null> {
    const listening = discovery === null ? null : listeningOf(discovery.url);
    if (discovery === null || listening === null) return null;
    if (node === null) throw noNode(this.machine);
    const { url, token, pid } = discovery;
    const through: SshStream[] = [];
    const open = () => {
      const stream = new SshStream({ ssh, node, listening });
      through.push(stream);
      return stream;
    };
    try {
      const maxPayloadBytes = maxServerFrameBytes;
      const signals = ssh.signal === undefined ? {} : { signal: ssh.signal };
      const socket = await dial({ url, token, open, maxPayloadBytes, timeoutMs: answerMs, ...signals });
      socket.close();
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      const ending = through[0]?.ending ?? null;
      if (ending === 'nobody listens') return null;
      if (ending !== null) throw ending;
      if (error.status === null)
        throw new SshError(
          this.machine,
          'link',
          `its agent server (process ${pid}) does not answer. If it is stopped, let it go on there with “kill -CONT ${pid}”.`,
        );
      // It has as many clients as it takes. With any other answer somebody else has the port by now.
      if (error.status !== 503) return null;
    }
    return { url, token, open: () => new SshStream({ ssh, node, listening }) };
  }
}

function noNode(host: string): SshError {
  return new SshError(
    host,
    'refused',
    'there is no Node 22.18 or newer on its PATH, and none of a version manager or of VS Code’s own server. Install one there, e.g. from nodejs.org.',
  );
}
