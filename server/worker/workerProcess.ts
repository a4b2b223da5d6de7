/** The worker: its sandboxes, its executions and its line to the server, put together; and its orderly end. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { type GpuReading, type WorkerCapabilities, type WorkerConfig, workerRefusals } from '../../protocol/worker.ts';
import { Delivery, type ServerPeer } from './delivery.ts';
import { Executions } from './executions.ts';
import { Journal } from './journal.ts';
import { Link } from './link.ts';
import type { Runner } from './runner.ts';

/** Live output is dropped while this many bytes wait for a slow server. */
const maxLiveBufferBytes = 256 * 1024;
/** Sandboxes are killed within this, or the process ends without having seen them go. */
const killTimeoutMs = 15_000;

export interface WorkerParts {
  config: WorkerConfig;
  runner: Runner;
  capabilities: WorkerCapabilities;
  /** Latest readings of this worker's GPU. */
  telemetry: () => { gpus: GpuReading[]; problem: string | null };
  log: Logger;
}

export class WorkerProcess {
  /** Resolves with the exit status when the sandboxes are gone and the process may end. */
  readonly ended: Promise<number>;
  readonly #parts: WorkerParts;
  readonly #journal: Journal;
  readonly #executions: Executions;
  readonly #delivery: Delivery;
  readonly #link: Link;
  #resolveEnded: (status: number) => void = () => undefined;
  #ending = false;

  private constructor(parts: WorkerParts, journal: Journal) {
    this.#parts = parts;
    this.#journal = journal;
    const { config, runner, log } = parts;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#executions = new Executions({
      journal,
      runner,
      onOutput: (execId, text) => this.#link.peer?.notify('execution.output', { execId, text }, maxLiveBufferBytes),
      onFinished: (execId) => this.#delivery.add(execId),
      log,
    });
    this.#delivery = new Delivery({
      finished: () => this.#executions.finished(),
      result: (execId) => this.#executions.result(execId),
      settle: (execIds) => this.#executions.settle(execIds),
      log,
    });
    this.#link = new Link({
      config,
      capabilities: parts.capabilities,
      sessions: () => runner.sessions(),
      executions: () => this.#executions.ids(),
      prepare: (peer) => this.#serve(peer),
      onLease: (peer, epoch) => this.#delivery.connected(peer, epoch),
      onDisconnected: () => this.#delivery.disconnected(),
      onOver: (reason) => this.end(reason, 3),
      log,
    });
  }

  /** Recovers unacknowledged results and begins to dial. */
  static async start(parts: WorkerParts): Promise<WorkerProcess> {
    const journal = await Journal.open({ directory: parts.config.directory });
    if (journal.damagedLines > 0) {
      parts.log.warn(
        { lines: journal.damagedLines, file: join(parts.config.directory, 'journal') },
        'journal repaired',
      );
    }
    // A tool call's result means something beside its sandbox only, and the sandboxes died with the last process.
    await journal.settle(journal.ofSession());
    return new WorkerProcess(parts, journal);
  }

  /** Kills all sandboxes and lets the process end. Idempotent: the first call's status counts. */
  end(reason: string, status: number): void {
    if (this.#ending) {
      return;
    }
    this.#ending = true;
    const { log, runner } = this.#parts;
    log.info({ reason }, 'ending: all sandboxes are killed');
    const giveUp = setTimeout(() => {
      log.error({}, `sandboxes were not gone after ${killTimeoutMs} ms`);
      this.#resolveEnded(4);
    }, killTimeoutMs);
    this.#executions.stop();
    const close = async () => {
      await runner.killAll();
      await this.#link.stop();
      await this.#journal.close();
    };
    close().then(
      () => {
        clearTimeout(giveUp);
        this.#resolveEnded(status);
      },
      (error: unknown) => {
        clearTimeout(giveUp);
        log.error({ err: error }, 'the end was not orderly');
        this.#resolveEnded(4);
      },
    );
  }

  #serve(peer: ServerPeer): void {
    const { runner, telemetry } = this.#parts;
    peer.handle('session.open', ({ session, spec }) => {
      this.#refuseWhenEnding();
      return { kept: runner.open(session, spec) };
    });
    peer.handle('session.close', async ({ session }) => {
      await Promise.all([this.#executions.dropSession(session), runner.close(session)]);
      return {};
    });
    peer.handle('execution.start', ({ execId, epoch, request }) => {
      this.#refuseWhenEnding();
      this.#link.requireEpoch(epoch);
      return { state: this.#executions.start(execId, request) };
    });
    peer.handle('execution.cancel', ({ execId }) => {
      this.#executions.cancel(execId);
      return {};
    });
    peer.handle('execution.forget', async ({ execIds }) => {
      await this.#executions.settle(execIds);
      return {};
    });
    peer.handle('lease.renew', ({ epoch }) => {
      this.#link.requireEpoch(epoch);
      const { gpus, problem } = telemetry();
      return { gpus, gpuProblem: problem };
    });
    peer.handle('shutdown', () => {
      // The answer goes out first.
      setImmediate(() => this.end('the server asked for it', 0));
      return {};
    });
  }

  #refuseWhenEnding(): void {
    if (this.#ending) {
      throw new RpcRefusal(workerRefusals.shuttingDown, 'this worker is shutting down');
    }
  }
}
