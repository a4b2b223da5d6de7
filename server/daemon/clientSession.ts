/** One connection of a client: what it has said of itself, what it follows, and the way to it. It owns all of that. */

import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type * as z from 'zod';
import { clientRefusals, clientToServer, maxServerFrameBytes, serverToClient } from '../../protocol/client.ts';
import type { OfferedModel } from '../../protocol/clientViews.ts';
import { Peer } from '../../protocol/rpc.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import type { ServerNotification } from '../../protocol/serverClient.ts';
import type { Subscription } from '../../protocol/subscription.ts';
import { type Methods, type ServedMethod, servedMethods } from './methods.ts';
import { refusalOf } from './refusals.ts';

type ClientPeer = Peer<typeof clientToServer, typeof serverToClient>;

/** A client that leaves so much unread hears no more of what is only told once. */
const maxBufferedBytes = 16 * 1024 * 1024;

export interface Hello {
  kind: string;
  name: string;
  build: string;
}

export class ClientSession {
  readonly number: number;
  readonly peer: ClientPeer;
  /** null: it has not said hello. */
  hello: Hello | null = null;
  /** Told of changes to any run. */
  watchesRuns = false;
  watchesWorkers = false;
  offered: OfferedModel[] = [];
  readonly #followed = new Map<string, Subscription>();

  constructor(socket: WebSocket, number: number, methods: Methods, log: Logger) {
    this.number = number;
    this.peer = new Peer(socket, {
      local: clientToServer,
      remote: serverToClient,
      maxPayloadBytes: maxServerFrameBytes,
      log: { warn: (message) => log.warn({ client: number }, message) },
    });
    for (const method of servedMethods) this.#serve(method, methods);
    void this.peer.closed.then(() => {
      for (const subscription of this.#followed.values()) subscription.dispose();
      this.#followed.clear();
    });
    this.peer.listen();
  }

  get isOpen(): boolean {
    return this.peer.isOpen;
  }

  /** @returns false if it was not sent: the connection is gone, or its client does not read */
  notify<N extends ServerNotification>(
    notification: N,
    params: z.input<(typeof serverToClient)[N]['params']>,
    maxUnreadBytes = maxBufferedBytes,
  ): boolean {
    return this.peer.notify(notification, params, maxUnreadBytes);
  }

  /** Follows something under a name until it is unfollowed, followed again, or the connection ends. */
  follow(name: string, begin: () => Subscription): void {
    this.unfollow(name);
    if (this.isOpen) this.#followed.set(name, begin());
  }

  unfollow(name: string): void {
    this.#followed.get(name)?.dispose();
    this.#followed.delete(name);
  }

  follows(name: string): boolean {
    return this.#followed.has(name);
  }

  #serve<M extends ServedMethod>(method: M, methods: Methods): void {
    this.peer.handle(method, async (params, { signal }) => {
      try {
        if (this.hello === null && method !== 'hello') throw new RpcRefusal(clientRefusals.hello, 'Say hello first.');
        return await methods[method](params, { session: this, signal, hasGivenUp: () => this.isOpen });
      } catch (error) {
        throw refusalOf(error) ?? error;
      }
    });
  }
}
