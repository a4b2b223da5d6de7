/** A link to an agent server's socket that can be cut after a frame has gone through and before its answer comes back. */
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ServerAddress } from '../../protocol/findServer.ts';

export class LossyLink implements AsyncDisposable {
  readonly #path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #lostWith: string | null = null;
  /** Answers that were held back, each with the end of its connection. */
  lost = 0;

  private constructor(path: string, server: Server) {
    this.#path = path;
    this.#server = server;
  }

  /** @param path of the link's own socket; @param there the server's present socket, asked for with every connection */
  static async open(path: string, there: () => Promise<string>): Promise<LossyLink> {
    const server = createServer();
    const link = new LossyLink(path, server);
    server.on('connection', (near) => {
      link.#sockets.add(near);
      near.on('error', () => near.destroy());
      void there().then(
        (socket) => link.#join(near, socket),
        () => near.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return link;
  }

  /** The server as it is seen through the link. */
  address({ url, token }: ServerAddress): ServerAddress {
    const role = url.slice(url.lastIndexOf(':'));
    return { url: `ws+unix:${this.#path}${role}`, token };
  }

  /** The next frame from the server that has this in it gets lost, and the connection with it. */
  loseAnswerWith(text: string): void {
    this.#lostWith = text;
  }

  #join(near: Socket, path: string): void {
    const far = connect(path);
    this.#sockets.add(far);
    const end = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (this.#lostWith === null || !bytes.includes(this.#lostWith)) {
        near.write(bytes);
        return;
      }
      this.#lostWith = null;
      this.lost += 1;
      end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.#path, { force: true });
  }
}

/** The path in a server's address on a Unix socket. */
export function socketOf({ url }: ServerAddress): string {
  const path = /^ws\+unix:(\/[^:]*):/.exec(url)?.[1];
  if (path === undefined) throw new Error(`${url} is no address of a Unix socket`);
  return decodeURIComponent(path);
}
