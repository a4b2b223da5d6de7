/** Reads what `evaluation_supervisor.py` says: JSON lines, then the bytes of a file. Program code can write to it too. */
import type { Readable } from 'node:stream';
import * as z from 'zod';

const SupervisorEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('started') }),
  z.object({ event: z.literal('ended'), code: z.int(), ms: z.int().nonnegative() }),
  z.object({ event: z.literal('problem'), problem: z.string().max(500) }),
  z.object({ event: z.literal('output') }),
]);

export interface ProgramEnd {
  /** Exit status, below zero after a signal. */
  code: number;
  /** Milliseconds for which it ran, by the supervisor's word. */
  ms: number;
}

export type SupervisedOutput = { file: Buffer } | { problem: string };

const maxLineBytes = 64 * 1024;

export class SupervisorStream {
  readonly started: Promise<void>;
  /** How the program ended; null: the supervisor is gone without having told. */
  readonly ended: Promise<ProgramEnd | null>;
  /** The file's bytes as they came (gzipped), or what is wrong with it. */
  readonly output: Promise<SupervisedOutput>;
  readonly #maxBytes: number;
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<ProgramEnd | null>();
  readonly #output = Promise.withResolvers<SupervisedOutput>();
  #line = Buffer.alloc(0);
  #file: Buffer[] | null = null;
  #fileBytes = 0;

  constructor(stream: Readable, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.started = this.#started.promise;
    this.ended = this.#ended.promise;
    this.output = this.#output.promise;
    this.started.catch(() => undefined);
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.once('close', () => {
      this.#started.reject(new Error('the supervisor ended at once'));
      this.#ended.resolve(null);
      const nothing = { problem: 'was not handed out: the program ended the process that watches it' };
      this.#output.resolve(this.#file === null ? nothing : { file: Buffer.concat(this.#file) });
    });
  }

  #read(chunk: Buffer): void {
    if (this.#file !== null) {
      this.#keep(chunk);
      return;
    }
    this.#line = Buffer.concat([this.#line, chunk]);
    for (let at = this.#line.indexOf(10); at >= 0; at = this.#line.indexOf(10)) {
      const text = this.#line.subarray(0, at).toString('utf8');
      this.#line = this.#line.subarray(at + 1);
      this.#handle(text);
      if (this.#file !== null) {
        this.#keep(this.#line);
        return;
      }
    }
    if (this.#line.length > maxLineBytes) this.#line = Buffer.alloc(0);
  }

  #keep(chunk: Buffer): void {
    this.#fileBytes += chunk.length;
    if (this.#fileBytes <= this.#maxBytes) this.#file?.push(chunk);
    else this.#output.resolve({ problem: 'is larger than it said' });
  }

  #handle(line: string): void {
    let event: z.infer<typeof SupervisorEvent>;
    try {
      event = SupervisorEvent.parse(JSON.parse(line));
    } catch {
      return; // Not the supervisor's.
    }
    if (event.event === 'started') this.#started.resolve();
    else if (event.event === 'ended') this.#ended.resolve({ code: event.code, ms: event.ms });
    else if (event.event === 'problem') this.#output.resolve({ problem: event.problem });
    else this.#file = [];
  }
}
