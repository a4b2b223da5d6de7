/**
 * One bash process: `bash -i` on named pipes, without a terminal. Each command goes through `eval` with its output on a
 * descriptor of its own; then the shell says, under a number used once, that the command has ended. `-i`, because only
 * an interactive shell goes on after SIGINT, `set -n` and a failed `exec`; no terminal, because with one an unbalanced
 * quote or a `cat` eats the protocol. What agent code does to the protocol can cost it its shell, and nobody else.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { programFile } from '../../programFiles.ts';
import type { Sandbox, SandboxProcess } from '../sandbox/sandbox.ts';
import type { JobNumbers } from './presentation.ts';

const setup = readFileSync(programFile('server/worker/sessions/bashSetup.sh'), 'utf8');
/** Most that is kept of what the shell says beside the protocol. */
const maxControlBytes = 256 * 1024;
const startDeadlineMs = 30_000;
const drainDeadlineMs = 2_000;
const none = Buffer.alloc(0);

/** How a command ended: the shell is ready for the next one, or it has ended with it. */
export interface CommandEnd {
  shellEnded: boolean;
  code: number | null;
  /** It has started jobs in the background, with numbers in this range: the shell has said `[1] 123` of each. */
  jobs: JobNumbers | null;
}

interface Running {
  /** Under which the shell has been asked for the end, the first time and again. The last one is awaited. */
  nonces: [first: string, ...again: string[]];
  /** What is to come in the output yet, one of each nonce; an end that an interrupt cut short lacks its own. */
  markers: Buffer[];
  /** Bytes that may be the beginning of a marker. */
  hold: Buffer;
  begun: PromiseWithResolvers<void>;
  sink: (chunk: Buffer) => void;
  /** As the shell told it first: asked again, it knows no more how the command ended. */
  code: number | null;
  told: { lastJob: string; lastNumber: number } | null;
  end: PromiseWithResolvers<CommandEnd>;
}

export class Shell {
  readonly process: SandboxProcess;
  /** Where it was after its last command. */
  directory: string;
  /** Resolves when the process has ended and what it wrote has been read. */
  readonly ended: Promise<void>;
  readonly #late: (chunk: Buffer) => void;
  #running: Running | null = null;
  #control = none;
  #exitCode: number | null = null;
  #lastData = 0;
  /** Process number of the job started last. */
  #lastJob = '';
  /** The last process number that was given out when the last command ended. */
  #lastNumber = 0;
  alive = true;

  private constructor(process: SandboxProcess, directory: string, late: (chunk: Buffer) => void) {
    this.process = process;
    this.directory = directory;
    this.#late = late;
    process.stdout.on('data', (chunk: Buffer) => this.#output(chunk));
    process.stderr.on('data', (chunk: Buffer) => this.#report(chunk));
    this.ended = process.exited.then(async ({ code }) => {
      this.alive = false;
      await this.#drained();
      const running = this.#running;
      this.#running = null;
      if (running === null) return;
      running.sink(running.hold);
      running.end.resolve({ shellEnded: true, code: this.#exitCode ?? code, jobs: null });
    });
  }

  /** @param late gets what is written while no command runs */
  static async start(sandbox: Sandbox, directory: string, late: (chunk: Buffer) => void): Promise<Shell> {
    const process = await sandbox.spawn(['bash', '--noprofile', '--norc', '-i'], { directory });
    const shell = new Shell(process, directory, late);
    const ready = shell.#begin(() => undefined);
    process.stdin.write(`${setup}\n__aira_end 0 ${ready.nonces[0]}\n`);
    const timer = setTimeout(() => ready.end.reject(new Error('bash was not ready in 30 s')), startDeadlineMs);
    try {
      const { shellEnded } = await ready.end.promise;
      if (shellEnded) throw new Error('bash ended as it started');
    } finally {
      clearTimeout(timer);
    }
    return shell;
  }

  #begin(sink: (chunk: Buffer) => void): Running {
    const nonce = newNonce();
    this.#running = {
      nonces: [nonce],
      markers: [markerOf(nonce)],
      hold: none,
      begun: Promise.withResolvers(),
      sink,
      code: null,
      told: null,
      end: Promise.withResolvers(),
    };
    return this.#running;
  }

  /** Runs a command. One at a time; no NUL in it. @param sink gets its output, in order, before the promise resolves */
  execute(command: string, sink: (chunk: Buffer) => void): Promise<CommandEnd> {
    if (this.#running !== null) throw new Error('a command is running in this shell');
    const { nonces, end } = this.#begin(sink);
    const variable = `__aira_${nonces[0]}`;
    // A variable of this command's own: whatever became of earlier ones, no command runs twice. Backslashes keep
    // aliases away. The empty line: after a syntax error bash drops everything up to the next line's end.
    this.process.stdin.write(
      `IFS= \\builtin read -r -d '' ${variable}; \\builtin printf '\\0%s\\0' 'begun ${nonces[0]}' >&251; ` +
        `\\builtin eval "$${variable}" </dev/null >&250 2>&1 250>&- 251>&-\n${command}\0\n\n\\__aira_end $? ${nonces[0]}\n`,
    );
    return end.promise;
  }

  /** Resolves when the shell has read the command that it was given last: an interrupt before would cut it in two. */
  get begun(): Promise<void> {
    return this.#running?.begun.promise ?? Promise.resolve();
  }

  /** Whether a command has been given of whose end nothing has been heard. */
  get busy(): boolean {
    return this.#running !== null;
  }

  /**
   * Asks once more for the end of the running command, to be called after each interrupt: one that comes when the command
   * has just ended by itself makes the shell drop what it was saying of it.
   */
  askAgain(): void {
    const running = this.#running;
    if (running === null) return;
    const nonce = newNonce();
    running.nonces.push(nonce);
    running.markers.push(markerOf(nonce));
    running.told = null;
    this.process.stdin.write(`\n\n\\__aira_end $? ${nonce}\n`);
  }

  #output(chunk: Buffer): void {
    this.#lastData = performance.now();
    const running = this.#running;
    if (running === null || running.markers.length === 0) {
      this.#late(chunk);
      return;
    }
    let bytes = running.hold.length === 0 ? chunk : Buffer.concat([running.hold, chunk]);
    running.hold = none;
    for (let found = first(running.markers, bytes); found !== null; found = first(running.markers, bytes)) {
      const before = untorn(bytes.subarray(0, found.at), running.markers.slice(0, found.index));
      if (before.length > 0) running.sink(before);
      bytes = bytes.subarray(found.at + markerBytes);
      running.markers = running.markers.slice(found.index + 1);
    }
    if (running.markers.length === 0) {
      if (bytes.length > 0) this.#late(bytes);
      this.#settle();
      return;
    }
    const start = bytes.indexOf(0, Math.max(0, bytes.length - markerBytes + 1));
    if (start < 0) running.sink(bytes);
    else {
      running.hold = bytes.subarray(start);
      running.sink(bytes.subarray(0, start));
    }
  }

  #report(chunk: Buffer): void {
    this.#control = Buffer.concat([this.#control, chunk]).subarray(-maxControlBytes);
    const exit = this.#fields('exit', 4);
    if (exit !== null) {
      this.#exitCode = Number(exit[0]);
      this.directory = exit[3] ?? this.directory;
    }
    const running = this.#running;
    if (running === null) return;
    if (this.#control.includes(`\0begun ${running.nonces[0]}\0`)) running.begun.resolve();
    for (const nonce of running.nonces) {
      const code = this.#fields(nonce, 1);
      if (code !== null) running.code ??= Number(code[0]);
    }
    const fields = this.#fields(running.nonces.at(-1) ?? '', 4);
    if (fields === null) return;
    const [, lastJob = '', lastNumber, directory] = fields;
    running.told = { lastJob, lastNumber: Number(lastNumber) };
    this.directory = directory || this.directory;
    this.#control = none;
    this.#settle();
  }

  /** The first fields of a message, each ended by NUL, or null if they have not arrived in full. */
  #fields(name: string, count: number): string[] | null {
    const mark = Buffer.from(`\0${name}\0`);
    const at = this.#control.indexOf(mark);
    if (at < 0) return null;
    const fields = this.#control
      .subarray(at + mark.length)
      .toString('utf8')
      .split('\0');
    return fields.length > count ? fields.slice(0, count) : null;
  }

  #settle(): void {
    const running = this.#running;
    if (running === null || running.told === null || running.markers.length > 0) return;
    this.#running = null;
    const { lastJob, lastNumber } = running.told;
    const some = lastJob !== '' && lastJob !== this.#lastJob;
    const jobs = some ? { above: this.#lastNumber, upTo: Number(lastJob) } : null;
    this.#lastJob = lastJob;
    this.#lastNumber = lastNumber;
    running.end.resolve({ shellEnded: false, code: running.code, jobs });
  }

  /** Waits until what the dead shell and its children wrote has been read: a job in the background may go on writing. */
  async #drained(): Promise<void> {
    const until = performance.now() + drainDeadlineMs;
    do await new Promise((resolve) => setTimeout(resolve, 30));
    while (performance.now() - this.#lastData < 25 && performance.now() < until);
  }
}

const newNonce = (): string => randomBytes(12).toString('hex');
const markerOf = (nonce: string): Buffer => Buffer.from(`\0${nonce}\0`);
const markerBytes = markerOf(newNonce()).length;

/** The first of these that stands in `bytes`: which one, and where. */
function first(markers: readonly Buffer[], bytes: Buffer): { index: number; at: number } | null {
  for (const [index, marker] of markers.entries()) {
    const at = bytes.indexOf(marker);
    if (at >= 0) return { index, at };
  }
  return null;
}

/** Cuts off the beginning of one of these markers where `bytes` ends with it: an interrupt came in the middle. */
function untorn(bytes: Buffer, markers: readonly Buffer[]): Buffer {
  for (const marker of markers) {
    for (let length = Math.min(marker.length, bytes.length); length > 0; length -= 1) {
      if (bytes.subarray(-length).equals(marker.subarray(0, length))) return bytes.subarray(0, -length);
    }
  }
  return bytes;
}
