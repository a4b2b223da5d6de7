/** One Jupyter kernel in a sandbox, reached through `kernel_driver.py` and its JSON lines. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { programFile } from '../../programFiles.ts';
import { descendantsOf } from '../sandbox/processTree.ts';
import type { Sandbox, SandboxProcess } from '../sandbox/sandbox.ts';

const driver = readFileSync(programFile('server/worker/sessions/kernel_driver.py'), 'utf8');
/** Longer than what the driver puts on one line. */
const maxLineBytes = 4 * 1024 * 1024;
const maxErrorBytes = 4_000;
const startDeadlineMs = 90_000;

const Event = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), pid: z.int() }),
  z.object({
    event: z.literal('text'),
    kind: z.enum(['stream', 'result', 'error']),
    late: z.boolean(),
    text: z.string(),
  }),
  z.object({ event: z.literal('done'), id: z.int(), status: z.string() }),
  z.object({ event: z.literal('died'), code: z.int().nullable() }),
]);

export type KernelEnd = { how: 'done'; status: string } | { how: 'died' };

/** The kernel did not come up: its interpreter lacks something, or the machine is too busy. */
export class KernelStartError extends Error {
  override readonly name = 'KernelStartError';
  readonly said: string;
  constructor(said: string) {
    super(`The Python kernel did not start. ${said}`.trim());
    this.said = said;
  }
}

interface Running {
  id: number;
  sink: (text: Buffer) => void;
  end: PromiseWithResolvers<KernelEnd>;
}

export class Kernel {
  readonly ready: Promise<void>;
  /** Resolves when driver and kernel are gone. */
  readonly ended: Promise<void>;
  alive = true;
  readonly #sandbox: Sandbox;
  readonly #process: SandboxProcess;
  readonly #late: (text: Buffer) => void;
  readonly #started = Promise.withResolvers<void>();
  #rest: Buffer[] = [];
  #restBytes = 0;
  #said = '';
  /** Number of the kernel process inside the sandbox. */
  #pid: number | null = null;
  #code: number | null = null;
  #running: Running | null = null;
  #count = 0;

  private constructor(sandbox: Sandbox, process: SandboxProcess, late: (text: Buffer) => void) {
    this.#sandbox = sandbox;
    this.#process = process;
    this.#late = late;
    this.ready = this.#started.promise;
    this.ready.catch(() => undefined);
    process.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    process.stderr.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-maxErrorBytes);
    });
    const timer = setTimeout(() => this.#fail('It was not ready in 90 s.'), startDeadlineMs);
    timer.unref();
    this.ended = process.exited.then(async () => {
      clearTimeout(timer);
      this.alive = false;
      // Its last lines may still be on the way.
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.#started.reject(new KernelStartError(this.#said));
      await this.kill();
      this.#running?.end.resolve({ how: 'died' });
      this.#running = null;
    });
  }

  /** Starts a kernel; `ready` tells when it can be used. @param late gets what is written while no code runs */
  static async start(sandbox: Sandbox, late: (text: Buffer) => void): Promise<Kernel> {
    return new Kernel(sandbox, await sandbox.spawn(['python', '-I', '-c', driver]), late);
  }

  /** Runs code. One at a time. @param sink gets its output, in order, before the promise resolves */
  execute(code: string, sink: (text: Buffer) => void): Promise<KernelEnd> {
    if (this.#running !== null) throw new Error('the kernel is running code already');
    this.#count += 1;
    const end = Promise.withResolvers<KernelEnd>();
    this.#running = { id: this.#count, sink, end };
    this.#send({ op: 'execute', id: this.#count, code });
    return end.promise;
  }

  interrupt(): void {
    this.#send({ op: 'interrupt' });
  }

  /** Where output comes from, to be paused when it comes too fast. */
  get source(): SandboxProcess['stdout'] {
    return this.#process.stdout;
  }

  /** Why it died, in words, as far as anybody knows. */
  cause(): string {
    const said = this.#said.trim() === '' ? '' : `. It said:\n${this.#said.trim()}`;
    if (this.#code === null) return `it was killed together with its driver${said}`;
    if (this.#code >= 0) return `it exited with status ${this.#code}${said}`;
    return `it was killed by ${signalName(-this.#code)}${said}`;
  }

  /** Kills the kernel, the driver and every program they have started. */
  async kill(): Promise<void> {
    const processes = this.#sandbox.dead ? [] : await this.#sandbox.processes();
    const roots = processes.filter(({ pid }) => pid === this.#process.pid || pid === this.#pid);
    for (const target of roots.flatMap((root) => [root, ...descendantsOf(processes, root.hostPid)])) {
      this.#sandbox.signal(target, 'SIGKILL');
    }
    if (this.alive) await this.#process.exited;
    this.#process.release();
  }

  #fail(why: string): void {
    this.#started.reject(new KernelStartError(`${why} ${this.#said}`));
  }

  #send(order: Record<string, unknown>): void {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
  }

  #read(chunk: Buffer): void {
    let start = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...this.#rest, chunk.subarray(start, at)]);
      this.#rest = [];
      this.#restBytes = 0;
      start = at + 1;
      this.#handle(line.toString('utf8'));
    }
    if (start === chunk.length) return;
    this.#rest.push(chunk.subarray(start));
    this.#restBytes += chunk.length - start;
    // Not the driver's: agent code writes to its stream.
    if (this.#restBytes > maxLineBytes) {
      this.#rest = [];
      this.#restBytes = 0;
    }
  }

  #handle(line: string): void {
    const event = parse(line);
    if (event === null) return;
    switch (event.event) {
      case 'ready':
        this.#pid = event.pid;
        this.#started.resolve();
        return;
      case 'text':
        if (event.late || this.#running === null) this.#late(Buffer.from(event.text));
        else this.#running.sink(Buffer.from(event.text));
        return;
      case 'done':
        if (this.#running?.id !== event.id) return;
        this.#running.end.resolve({ how: 'done', status: event.status });
        this.#running = null;
        return;
      case 'died':
        this.#code = event.code;
        return;
    }
  }
}

function parse(line: string): z.infer<typeof Event> | null {
  try {
    const parsed = Event.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // Not the driver's: agent code can write to its stream.
  }
}

const signalNames: Readonly<Record<number, string>> = {
  6: 'SIGABRT (it aborted)',
  7: 'SIGBUS',
  9: 'SIGKILL',
  11: 'SIGSEGV (a crash in native code)',
  15: 'SIGTERM',
};

function signalName(number: number): string {
  return signalNames[number] ?? `signal ${number}`;
}
