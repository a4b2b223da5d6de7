/** The host's side of `init.sh`: starts processes in a running sandbox and learns of their end. */
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../../protocol/thrown.ts';
import type { MakeFifos } from './fifo.ts';
import { SandboxDeadError, type SandboxProcess } from './sandbox.ts';

const startDeadlineMs = 30_000;
/** A sandbox that is held to a few CPUs, on a busy machine, has been seen to take 0.8 s for its report. */
const reportGraceMs = 2_000;
const maxReportBytes = 4096;

interface Pending {
  started(pid: number): void;
  exited(code: number | null): void;
}

export class InitChannel {
  /** Resolves when init has said that it is ready. */
  readonly ready: Promise<void>;
  readonly #sandboxId: string;
  readonly #makeFifos: MakeFifos;
  readonly #requests: Writable;
  readonly #processes = new Map<string, Pending>();
  #markReady: () => void = () => undefined;
  #rest = '';
  #count = 0;
  #closed = false;

  /** @param makeFifos makes them where init sees them in its control folder */
  constructor(init: { stdin: Writable; stdout: Readable }, sandboxId: string, makeFifos: MakeFifos) {
    this.#sandboxId = sandboxId;
    this.#makeFifos = makeFifos;
    this.#requests = init.stdin;
    this.ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
    init.stdin.on('error', () => this.close());
    init.stdout.setEncoding('utf8');
    init.stdout.on('data', (text: string) => this.#read(text));
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, maxReportBytes);
    for (const line of lines) {
      const [word, id, value] = line.split(' ');
      if (word === 'ready') this.#markReady();
      const pending = id === undefined ? undefined : this.#processes.get(id);
      if (pending === undefined) continue;
      if (word === 'started') pending.started(Number(value));
      if (word === 'exited') pending.exited(Number(value));
    }
  }

  /** Starts `command` in `directory` (in the sandbox's own terms). @throws {SandboxDeadError} */
  async spawn(command: readonly string[], directory: string): Promise<SandboxProcess> {
    if (this.#closed) throw new SandboxDeadError(this.#sandboxId, `cannot start ${command[0]}`);
    this.#count += 1;
    const id = String(this.#count);
    const fifos = await this.#makeFifos(id);
    const exit = Promise.withResolvers<{ code: number | null }>();
    const started = Promise.withResolvers<number>();
    const deadline = setTimeout(() => started.reject(new Error('it did not start in 30 s')), startDeadlineMs);
    this.#processes.set(id, {
      started: (pid) => started.resolve(pid),
      exited: (code) => {
        this.#processes.delete(id);
        started.reject(new Error(`it ended at once with status ${code}`));
        exit.resolve({ code });
      },
    });
    if (this.#closed) this.#processes.get(id)?.exited(null);
    else {
      const fields = ['spawn', id, directory, String(command.length), ...command];
      this.#requests.write(`${fields.join('\0')}\0`);
    }
    try {
      const pid = await started.promise;
      fifos.connected();
      // Both streams at their end: nothing of it can be heard again, even if whoever should report its end was killed.
      let open = 2;
      for (const stream of [fifos.stdout, fifos.stderr]) {
        stream.once('close', () => {
          open -= 1;
          // Its report may be on the way still.
          if (open === 0) setTimeout(() => this.#processes.get(id)?.exited(null), reportGraceMs).unref();
        });
      }
      return {
        pid,
        stdin: fifos.stdin,
        stdout: fifos.stdout,
        stderr: fifos.stderr,
        exited: exit.promise,
        release: () => fifos.release(),
      };
    } catch (error) {
      fifos.release();
      this.#processes.delete(id);
      const why = messageOf(error);
      throw new SandboxDeadError(this.#sandboxId, `cannot start ${command[0]}: ${why}`);
    } finally {
      clearTimeout(deadline);
    }
  }

  /** The sandbox is dead: everything that ran in it has ended. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pending of [...this.#processes.values()]) pending.exited(null);
  }
}
