/** Readings of one GPU (or all) from one `nvidia-smi` that repeats itself; killed and begun anew when it falls silent. */
import { execa } from 'execa';
import type { GpuReading } from '../../protocol/worker.ts';
import { parseReading, queryArguments, reportsError } from './nvidiaSmi.ts';

export interface TelemetryOptions {
  /** The GPU to read; null: all of them. */
  uuid: string | null;
  command?: string;
  /** Default 2 s. */
  intervalMs?: number;
  /** Without a line for this long, telemetry counts as dead. Default 10 s. */
  silentMs?: number;
}

/** A line is some 100 characters: more without a line end is garbage. */
const maxLineCharacters = 64 * 1024;

type Child = ReturnType<typeof repeat>;

export class GpuTelemetry {
  readonly #options: Required<TelemetryOptions>;
  readonly #latest = new Map<string, { reading: GpuReading; at: number }>();
  #child: Child | null = null;
  #problem: string | null = null;
  #watch: NodeJS.Timeout | null = null;
  #restart: NodeJS.Timeout | null = null;
  #heardAt = 0;
  #failures = 0;
  #stopped = false;

  constructor(options: TelemetryOptions) {
    this.#options = { command: 'nvidia-smi', intervalMs: 2000, silentMs: 10_000, ...options };
    this.#launch();
  }

  /** The latest readings that are not stale, and what is wrong, if anything. */
  latest(): { gpus: GpuReading[]; problem: string | null } {
    const now = performance.now();
    const gpus: GpuReading[] = [];
    for (const { reading, at } of this.#latest.values()) {
      if (now - at <= this.#options.silentMs) {
        gpus.push(reading);
      }
    }
    if (this.#problem !== null) {
      return { gpus, problem: this.#problem };
    }
    const gone = this.#latest.size - gpus.length;
    return { gpus, problem: gone === 0 ? null : `${gone} of ${this.#latest.size} GPUs are no longer reported` };
  }

  /** Kills the child. One that does not die (a hanging driver) is left behind. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#clearTimers();
    if (this.#child !== null) {
      abandon(this.#child);
    }
  }

  #launch(): void {
    const { command, uuid, intervalMs } = this.#options;
    const child = repeat(command, intervalMs, uuid);
    this.#child = child;
    this.#heardAt = performance.now();
    let rest = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(-maxLineCharacters);
      for (const line of lines) {
        this.#take(line);
      }
    });
    this.#watch = setInterval(() => this.#checkSilence(child), Math.min(1000, this.#options.silentMs / 2));
    this.#watch.unref();
    child.then(({ exitCode, shortMessage }) => this.#ended(child, `${command} ended (${exitCode ?? shortMessage})`));
  }

  #take(line: string): void {
    const reading = parseReading(line);
    if (reading === null) {
      this.#problem = line.trim() === '' ? this.#problem : `not a reading: ${line.trim().slice(0, 200)}`;
      return;
    }
    const now = performance.now();
    this.#heardAt = now;
    this.#failures = 0;
    this.#latest.set(reading.uuid, { reading, at: now });
    this.#problem = reportsError(line) ? `GPU ${reading.uuid} reports an error: ${line.trim().slice(0, 200)}` : null;
  }

  #checkSilence(child: Child): void {
    const { silentMs, command } = this.#options;
    if (performance.now() - this.#heardAt > silentMs) {
      abandon(child);
      this.#ended(child, `${command} printed no reading for ${silentMs} ms: the GPU driver hangs or the GPU is gone`);
    }
  }

  /** Begins anew after a while: 1 s, 2 s, ... a minute. */
  #ended(child: Child, problem: string): void {
    if (this.#child !== child || this.#stopped) {
      return;
    }
    this.#child = null;
    this.#problem = problem;
    this.#clearTimers();
    const wait = Math.min(60_000, 1000 * 2 ** this.#failures);
    this.#failures += 1;
    this.#restart = setTimeout(() => this.#launch(), wait);
    this.#restart.unref();
  }

  #clearTimers(): void {
    if (this.#watch !== null) {
      clearInterval(this.#watch);
    }
    if (this.#restart !== null) {
      clearTimeout(this.#restart);
    }
  }
}

function repeat(command: string, intervalMs: number, uuid: string | null) {
  const only = uuid === null ? [] : ['-i', uuid];
  return execa(command, [...queryArguments, '-lms', String(intervalMs), ...only], {
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stderr: 'ignore',
  });
}

/** Kills it and lets go of it, dead or not: a process in uninterruptible sleep must not keep this one from ending. */
function abandon(child: Child): void {
  child.kill('SIGKILL');
  child.unref();
  child.stdout.destroy();
}
