/**
 * Named pipes between the worker and a sandbox. Pipes, because what Node gives a child as `pipe` is a socket, and a
 * socket cannot be opened again through `/dev/stdout`; named, because a sandbox that runs can be given more of them.
 */
import { execFile } from 'node:child_process';
import { chownSync, closeSync, constants, openSync, renameSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);
const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
/** Pipes that are made at a time. */
const batch = 48;

/** Makes the pipes of a process of one sandbox; each id is used once. */
export type MakeFifos = (id: string) => Promise<FifoTriple>;

/** Pipes made beforehand: Node can make none, and starting `mkfifo` for each process costs more than most of them do. */
export class FifoStock {
  readonly #makeFolder: (uid: number | null) => string;
  #folder: string | null = null;
  #paths: string[] = [];
  #made = 0;
  #making: Promise<void> | null = null;

  /** @param makeFolder makes a folder for them, on the file system of the sandboxes' own */
  constructor(makeFolder: (uid: number | null) => string) {
    this.#makeFolder = makeFolder;
  }

  /** Makes `<folder>/<id>.{in,out,err}`, owned by `uid`, and opens them. */
  async take(folder: string, id: string, uid: number | null): Promise<FifoTriple> {
    while (this.#paths.length < 3) {
      this.#making ??= this.#make(uid).finally(() => {
        this.#making = null;
      });
      await this.#making;
    }
    const paths = [join(folder, `${id}.in`), join(folder, `${id}.out`), join(folder, `${id}.err`)] as const;
    const taken = this.#paths.splice(-3);
    for (const [index, path] of paths.entries()) {
      renameSync(taken[index] ?? '', path);
      if (uid !== null) chownSync(path, uid, uid);
    }
    return new FifoTriple(paths);
  }

  async #make(uid: number | null): Promise<void> {
    this.#folder ??= this.#makeFolder(uid);
    const first = this.#made;
    this.#made += batch;
    const paths = Array.from({ length: batch }, (_, index) => join(this.#folder ?? '', String(first + index)));
    await run('mkfifo', ['-m', '600', ...paths], { timeout: 20_000 });
    this.#paths.push(...paths);
  }
}

/** The host's ends of the three streams of a process that is about to start. */
export class FifoTriple {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly #paths: readonly string[];
  /** Write ends held so that reading does not end before the process has opened its own. */
  #held: number[];

  /** @param paths of named pipes that nobody has opened, for standard input, output and error */
  constructor(paths: readonly [string, string, string]) {
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
