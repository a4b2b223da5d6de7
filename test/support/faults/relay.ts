/** Stands between workers and their server on Unix sockets, and does what networks do: cuts connections, or goes silent. */
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Line {
  worker: Socket;
  server: Socket;
}

export class Relay {
  readonly #server: Server;
  readonly #target: string;
  readonly #lines = new Set<Line>();
  #frozen = 0;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (worker) => this.#accept(worker));
  }

  /** @param path where workers dial @param target where the server listens, whether or not it does at the moment */
  static async start(path: string, target: string): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
    return new Relay(server, target);
  }

  /** Connections that stand. */
  get lines(): number {
    return this.#lines.size;
  }

  /** Ends one connection at both ends, as a router does that forgets it. @param choose an index below `lines` */
  cut(choose: (count: number) => number): void {
    const line = [...this.#lines][choose(this.#lines.size)];
    if (line !== undefined) this.#end(line);
  }

  /** From now on nothing gets through in either direction, and no end is told. @returns how to let everything through again */
  freeze(): () => void {
    this.#frozen += 1;
    for (const line of this.#lines) this.#flow(line);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#frozen -= 1;
      for (const line of this.#lines) this.#flow(line);
    };
  }

  async close(): Promise<void> {
    for (const line of [...this.#lines]) this.#end(line);
    await new Promise((closed) => this.#server.close(closed));
  }

  #accept(worker: Socket): void {
    const line: Line = { worker, server: connect(this.#target) };
    this.#lines.add(line);
    for (const [from, to] of [
      [line.worker, line.server],
      [line.server, line.worker],
    ] as const) {
      from.on('data', (bytes) => {
        if (to.write(bytes)) return;
        from.pause();
        to.once('drain', () => this.#flow(line));
      });
      from.on('error', () => this.#end(line));
      from.on('close', () => this.#end(line));
    }
    this.#flow(line);
  }

  #flow({ worker, server }: Line): void {
    for (const socket of [worker, server]) {
      if (this.#frozen > 0) socket.pause();
      else socket.resume();
    }
  }

  #end(line: Line): void {
    this.#lines.delete(line);
    line.worker.destroy();
    line.server.destroy();
  }
}
