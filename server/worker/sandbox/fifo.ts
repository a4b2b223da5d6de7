/**
 * Named pipes between the worker and a sandbox. Pipes, because what Node gives a child as `pipe` is a socket, and a
 * socket cannot be opened again through `/dev/stdout`; named, because a sandbox that runs can be given more of them.
 */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);
const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** The host's ends of the three streams of a process that is about to start. */
export class FifoTriple {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly #paths: readonly string[];
  /** Write ends held so that reading does not end before the process has opened its own. */
  #held: number[];

  private constructor(paths: readonly [string, string, string]) {
    this.#paths = paths;
    const [input, output, error] = paths;
    const reading = [output, error].map((path) => openSync(path, O_RDONLY | O_NONBLOCK));
    this.#held = [output, error].map((path) => openSync(path, O_WRONLY | O_NONBLOCK));
    const [out, err] = reading.map((fd) => new Socket({ fd, readable: true, writable: false }));
    if (out === undefined || err === undefined) throw new Error('unreachable: two pipes were opened');
    this.stdout = out;
    this.stderr = err;
    // Read and write: opening for writing alone fails until there is a reader.
    this.stdin = new Socket({ fd: openSync(input, O_RDWR | O_NONBLOCK), readable: false, writable: true });
    for (const stream of [this.stdin, this.stdout, this.stderr]) {
      // A broken pipe says what the end of the process says too; `exited` is where it is met.
      stream.on('error', () => stream.destroy());
    }
  }

  /** Makes `<folder>/<id>.{in,out,err}`, owned by `uid`, and opens them. */
  static async make(folder: string, id: string, uid: number | null): Promise<FifoTriple> {
    const paths = [join(folder, `${id}.in`), join(folder, `${id}.out`), join(folder, `${id}.err`)] as const;
    await run('mkfifo', ['-m', '600', ...paths], { timeout: 20_000 });
    for (const path of paths) {
      if (uid === null) chmodSync(path, 0o600);
      else chownSync(path, uid, uid);
    }
    return new FifoTriple([...paths]);
  }

  /** The process has opened its ends: from now on the streams end with it, and nobody else can open them by name. */
  connected(): void {
    for (const fd of this.#held) closeSync(fd);
    this.#held = [];
    for (const path of this.#paths) unlinkSync(path);
  }

  release(): void {
    for (const fd of this.#held) closeSync(fd);
    this.#held = [];
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy();
  }
}
