/**
 * The agent server of another machine, through the person's ssh: found there, or put there and started, and reached through a
 * tunnel to its socket. Every attempt to reach it looks anew: the server may have moved, the tunnel may have died.
 */
import { maxServerFrameBytes } from '../../../../protocol/client.ts';
import { dial } from '../../../../protocol/dial.ts';
import { DialError } from '../../../../protocol/rpcErrors.ts';
import type { Target } from '../../../../protocol/serverClient.ts';
import { NotConnectedError } from '../../../../protocol/serverClient.ts';
import { RestrictedError } from '../localRoute.ts';
import type { Route } from '../route.ts';
import { readBuildStamp } from '../serverBundle.ts';
import { install, probe, type RemoteMachine, start } from './remoteServer.ts';
import { SshError, type SshOptions } from './ssh.ts';
import { listeningOf, openTunnel, type Tunnel } from './sshTunnel.ts';

export interface SshRouteOptions extends SshOptions {
  extensionFolder: string;
  mayStart: () => boolean;
  /** For the log. */
  say: (line: string) => void;
}

export function sshRoute(options: SshRouteOptions): Route {
  return new SshRoute(options);
}

class SshRoute implements Route {
  readonly machine: string;
  readonly isLocal = false;
  readonly #options: SshRouteOptions;
  #tunnel: Tunnel | null = null;
  #isDisposed = false;

  constructor(options: SshRouteOptions) {
    this.#options = options;
    this.machine = options.host;
  }

  async find(): Promise<Target | null> {
    const { id } = await readBuildStamp(this.#options.extensionFolder);
    const found = await probe(this.#options, id);
    return (await this.#reach(found)) === null ? null : this.#target(id);
  }

  async start(report: (step: string) => void): Promise<Target> {
    const { host, mayStart } = this.#options;
    const { id } = await readBuildStamp(this.#options.extensionFolder);
    report(`Looking for the agent server on ${host} …`);
    const found = await probe(this.#options, id);
    if ((await this.#reach(found)) === null) {
      if (!mayStart()) throw new RestrictedError();
      await this.#bringUp(found, id, report);
    }
    return this.#target(id);
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#tunnel?.close();
    this.#tunnel = null;
  }

  /** A server that died is started again where there is one of this build: its runs are taken up. */
  #target(buildId: string): Target {
    return async ({ mayStart }) => {
      let machine = await probe(this.#options, buildId);
      let reached = await this.#reach(machine);
      if (reached === null) {
        if (!mayStart || !this.#options.mayStart())
          throw new NotConnectedError(`no agent server is running on ${machine.host}`);
        await this.#bringUp(machine, buildId, (step) => this.#options.say(step));
        machine = await probe(this.#options, buildId);
        reached = await this.#reach(machine);
      }
      if (reached === null)
        throw new SshError(this.#options.host, 'its agent server has started and cannot be reached');
      return reached;
    };
  }

  async #bringUp(machine: RemoteMachine, buildId: string, report: (step: string) => void): Promise<void> {
    const { host, extensionFolder } = this.#options;
    if (machine.node === null)
      throw new SshError(
        host,
        'there is no Node 22.18 or newer on its PATH, and none of a version manager or of VS Code’s own server. Install one, e.g. from nodejs.org.',
      );
    if (!machine.isInstalled) {
      report(`Installing the agent server on ${host} …`);
      await install(this.#options, extensionFolder, buildId);
    }
    report(`Starting the agent server on ${host} …`);
    await start(this.#options, machine.node, buildId);
  }

  /** A tunnel to the server that the machine tells of; null if it tells of none, or that one is gone. */
  async #reach({ discovery }: RemoteMachine): Promise<{ url: string; token: string } | null> {
    const listening = discovery === null ? null : listeningOf(discovery.url);
    if (discovery === null || listening === null) return null;
    await this.#tunnel?.close();
    this.#tunnel = null;
    const tunnel = await openTunnel(this.#options, listening);
    if (this.#isDisposed) {
      await tunnel.close();
      throw new NotConnectedError('the connection was given up');
    }
    this.#tunnel = tunnel;
    // The tunnel is there; whether a server answers at its other end, a first word tells.
    if (await answers(tunnel.url, discovery.token)) return { url: tunnel.url, token: discovery.token };
    return null;
  }
}

const answerMs = 10_000;

async function answers(url: string, token: string): Promise<boolean> {
  try {
    const socket = await dial({ url, token, maxPayloadBytes: maxServerFrameBytes, timeoutMs: answerMs });
    socket.close();
    return true;
  } catch (error) {
    if (error instanceof DialError) return false;
    throw error;
  }
}
