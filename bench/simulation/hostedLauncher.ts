/** Starts workers in one process of their own (workerHost.ts), for servers with more slots than the machine has memory for. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { WorkerConfig } from '../../protocol/worker.ts';
import type { WorkerLauncher, WorkerProcessId } from '../../server/workers/launcher.ts';
import { type HostCommand, HostNotice } from './hostProtocol.ts';
import type { Moment } from './sleepingRunner.ts';

const hostProgram = fileURLToPath(new URL('workerHost.ts', import.meta.url));

export interface HostAccount {
  moments: Moment[];
  /** CPU of all workers together, milliseconds. */
  cpuMs: number;
}

export class HostedLauncher implements WorkerLauncher {
  readonly #host;
  readonly #ids: string[];
  /** Workers that have not ended, by their id, which stands for the start time of their process. */
  readonly #alive = new Set<string>();
  readonly #account: Promise<HostAccount>;

  /** @param ids of the rows to predict */
  constructor(evaluationMs: number, ids: string[]) {
    this.#ids = ids;
    this.#host = execa(process.execPath, [hostProgram, String(evaluationMs)], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
      buffer: false,
      reject: false,
    });
    this.#account = new Promise((resolve, reject) => {
      createInterface({ input: this.#host.stdout })
        .on('line', (line) => {
          const told = HostNotice.parse(JSON.parse(line));
          if (told.notice === 'ended') this.#alive.delete(told.worker);
          else resolve({ moments: told.moments, cpuMs: told.cpuMs });
        })
        .on('close', () => {
          this.#alive.clear();
          reject(new Error('the process of the simulated workers ended without an account'));
        });
    });
    // Nobody asks for it when the bench itself has failed.
    this.#account.catch(() => undefined);
  }

  async launch(config: WorkerConfig): Promise<WorkerProcessId> {
    this.#alive.add(config.workerId);
    this.#say({ op: 'launch', config, ids: this.#ids });
    return { pid: this.#host.pid ?? 0, startTime: config.workerId };
  }

  identify(): null {
    return null;
  }

  isAlive({ startTime }: WorkerProcessId): boolean {
    return this.#alive.has(startTime);
  }

  async kill({ startTime }: WorkerProcessId): Promise<boolean> {
    this.#say({ op: 'end', worker: startTime });
    return true;
  }

  /** Ends the process, when its workers have ended. */
  async close(): Promise<HostAccount> {
    this.#host.stdin.end();
    try {
      return await this.#account;
    } finally {
      this.#host.kill('SIGKILL');
      await this.#host;
    }
  }

  #say(command: HostCommand): void {
    this.#host.stdin.write(`${JSON.stringify(command)}\n`);
  }
}
