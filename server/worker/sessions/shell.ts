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
  nonce: string;
  marker: Buffer;
  markerSeen: boolean;
  /** Bytes that may be the beginning of the marker. */
  hold: Buffer;
  sink: (chunk: Buffer) => void;
  told: CommandEnd | null;
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
    process.stdin.write(`${setup}\n__aira_end 0 ${ready.nonce}\n`);
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
    const nonce = randomBytes(12).toString('hex');
    this.#running = {
      nonce,
      marker: Buffer.from(`\0${nonce}\0`),
      markerSeen: false,
      hold: none,
      sink,
      told: null,
      end: Promise.withResolvers(),
    };
    return this.#running;
  }

  /** Runs a command. One at a time; no NUL in it. @param sink gets its output, in order, before the promise resolves */
  execute(command: string, sink: (chunk: Buffer) => void): Promise<CommandEnd> {
    if (this.#running !== null) throw new Error('a command is running in this shell');
    const { nonce, end } = this.#begin(sink);
    const run = `\\builtin eval "$__aira_${nonce}" </dev/null >&250 2>&1 250>&- 251>&-`;
    // A variable of this command's own: whatever became of earlier ones, no command runs twice. Backslashes keep
    // aliases away. The empty line: after a syntax error bash drops everything up to the next line's end.
    this.process.stdin.write(
      `IFS= \\builtin read -r -d '' __aira_${nonce}; ${run}\n${command}\0\n\n\\__aira_end $? ${nonce}\n`,
    );
    return end.promise;
  }

  #output(chunk: Buffer): void {
    this.#lastData = performance.now();
    const running = this.#running;
    if (running === null || running.markerSeen) {
      this.#late(chunk);
      return;
    }
    const bytes = running.hold.length === 0 ? chunk : Buffer.concat([running.hold, chunk]);
    running.hold = none;
    const at = bytes.indexOf(running.marker);
    if (at >= 0) {
      running.markerSeen = true;
      running.sink(bytes.subarray(0, at));
      const rest = bytes.subarray(at + running.marker.length);
      if (rest.length > 0) this.#late(rest);
      this.#settle();
      return;
    }
    const from = Math.max(0, bytes.length - running.marker.length + 1);
    const start = bytes.indexOf(0, from);
    if (start < 0) running.sink(bytes);
    else {
      running.hold = bytes.subarray(start);
      running.sink(bytes.subarray(0, start));
    }
  }

  #report(chunk: Buffer): void {
    this.#control = Buffer.concat([this.#control, chunk]).subarray(-maxControlBytes);
    const exit = this.#fields('exit');
    if (exit !== null) {
      this.#exitCode = Number(exit[0]);
      this.directory = exit[3] ?? this.directory;
    }
    const running = this.#running;
    const fields = running === null ? null : this.#fields(running.nonce);
    if (running === null || fields === null) return;
    const [code, lastJob, lastNumber, directory] = fields;
    const jobs = { above: this.#lastNumber, upTo: Number(lastJob) };
    const some = lastJob !== '' && lastJob !== this.#lastJob;
    this.#lastJob = lastJob ?? '';
    this.#lastNumber = Number(lastNumber);
    running.told = { shellEnded: false, code: Number(code), jobs: some ? jobs : null };
    this.directory = directory || this.directory;
    this.#control = none;
    this.#settle();
  }

  /** The four fields of a message, each ended by NUL, or null if it has not arrived in full. */
  #fields(name: string): string[] | null {
    const mark = Buffer.from(`\0${name}\0`);
    const at = this.#control.indexOf(mark);
    if (at < 0) return null;
    const fields = this.#control
      .subarray(at + mark.length)
      .toString('utf8')
      .split('\0');
    return fields.length > 4 ? fields.slice(0, 4) : null;
  }

  #settle(): void {
    const running = this.#running;
    if (running?.told == null || !running.markerSeen) return;
    this.#running = null;
    running.end.resolve(running.told);
  }

  /** Waits until what the dead shell and its children wrote has been read: a job in the background may go on writing. */
  async #drained(): Promise<void> {
    const until = performance.now() + drainDeadlineMs;
    do await new Promise((resolve) => setTimeout(resolve, 30));
    while (performance.now() - this.#lastData < 25 && performance.now() < until);
  }
}
