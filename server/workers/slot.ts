/**
 * One slot: a place for a worker, and the life of the workers that fill it one after another. The slot launches or
 * adopts a worker, renews its lease, declares it lost when that has run out, and fills its place again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { PeerClosedError, RpcRefusal } from '../../protocol/rpcErrors.ts';
import {
  type ExecutionRequest,
  type ExecutionResult,
  type GpuReading,
  type SandboxSpec,
  type WorkerCapabilities,
  workerRefusals,
} from '../../protocol/worker.ts';
import { sameSecret } from '../transport/endpoint.ts';
import type {
  DevicePriority,
  ExecuteOptions,
  PoolEvent,
  PoolTiming,
  SlotState,
  SlotStatus,
  WorkerSlot,
} from './contract.ts';
import { DeviceLease } from './deviceLease.ts';
import { PoolClosedError, SlotFailedError, WorkerLostError, WorkerStartError } from './errors.ts';
import { ExecutionBook, staleEpoch } from './executionBook.ts';
import type { WorkerLauncher } from './launcher.ts';
import { Readiness } from './readiness.ts';
import { Silence } from './silence.ts';
import type { SlotRecord } from './slotRecord.ts';
import { SlotSessions } from './slotSessions.ts';
import { Tenancy } from './tenancy.ts';
import { type Hello, SlotLine } from './workerLine.ts';

/** A worker that is lost sooner than this after it was ready does not count as having worked. */
const soundAfterMs = 10_000;
const maxFailuresInARow = 5;
/** Launches at the start of a server: one that is killed in the middle of it, for memory say, is no reason to give up. */
const startAttempts = 3;

export interface SlotOptions {
  index: number;
  stateDirectory: string;
  url: string;
  placement: SlotRecord['placement'];
  launcher: WorkerLauncher;
  timing: PoolTiming;
  log: Logger;
  onEvent: (event: PoolEvent) => void;
}

export class Slot implements WorkerSlot {
  readonly index: number;
  readonly #options: SlotOptions;
  readonly #tenancy: Tenancy;
  readonly #book: ExecutionBook;
  readonly #device = new DeviceLease();
  readonly #silence: Silence;
  readonly #sessions: SlotSessions;
  readonly #readiness = new Readiness<SlotLine>();
  #state: SlotState = 'starting';
  #line: SlotLine | null = null;
  #capabilities: WorkerCapabilities | null = null;
  #gpus: GpuReading[] = [];
  #gpuProblem: string | null = null;
  #adopting = false;
  #readyAt = 0;
  #failures = 0;
  #renewedAt = 0;
  #renewing = false;
  #watch: NodeJS.Timeout | null = null;
  /** Why no worker will come any more. */
  #over: Error | null = null;
  /** Executions found to be lost when the next worker came. */
  #foundLost: string[] = [];

  constructor(options: SlotOptions) {
    this.index = options.index;
    this.#options = options;
    this.#tenancy = new Tenancy(options);
    this.#silence = new Silence(5 * options.timing.watchEveryMs);
    this.#book = new ExecutionBook({
      slot: options.index,
      directory: options.stateDirectory,
      cancelWaitMs: options.timing.cancelWaitMs,
      onLineTrouble: (error) => this.#lineTrouble(this.#line, error),
    });
    this.#sessions = new SlotSessions({
      ready: (signal) => this.#ready(signal),
      isPresent: (line) => line === this.#line,
      onLineTrouble: (line, error) => this.#lineTrouble(line, error),
    });
  }

  /** Reads what a previous server has left, so that its worker's token is known before anybody dials. */
  prepare(): Promise<void> {
    return this.#tenancy.read();
  }

  /** Adopts the worker that is there, or launches one. @throws WorkerStartError it did not say hello. */
  async start(): Promise<void> {
    const { timing, log } = this.#options;
    this.#watch = setInterval(() => this.#look(), timing.watchEveryMs);
    if (this.#tenancy.isAdoptable()) {
      this.#adopting = true;
      const isBack = await this.#becomesReady(timing.adoptMs);
      this.#adopting = false;
      if (isBack) {
        return;
      }
      log.warn({ slot: this.index }, 'the worker of the previous server did not come back: it is replaced');
    }
    const gone = await this.#tenancy.evict();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#launch(gone);
        return;
      } catch (error) {
        const isWorthATry = error instanceof WorkerStartError && error.wasKilled && attempt < startAttempts;
        if (!isWorthATry) {
          throw error;
        }
        log.warn({ slot: this.index, err: error }, 'the worker was killed as it started: it is launched again');
      }
    }
  }

  /** Whether this is the secret of the slot's present worker. */
  knows(token: string): boolean {
    const present = this.#tenancy.tenant?.token;
    return present !== undefined && sameSecret(present, token);
  }

  /** Takes over an authenticated connection. */
  accept(socket: WebSocket): void {
    const { timing, log } = this.#options;
    new SlotLine(socket, {
      requestMs: timing.requestMs,
      leaseMs: timing.leaseMs,
      grant: (line, hello) => this.#grant(line, hello),
      onGranted: (line) => this.#confirm(line).catch((error: unknown) => this.#lineTrouble(line, error)),
      onFinished: (line, execId, result) => this.#finished(line, execId, result),
      onOutput: (line, execId, text) => {
        if (line === this.#line) {
          this.#book.output(execId, text);
        }
      },
      onClosed: (line, reason) => this.#closed(line, reason),
      warn: (message) => log.warn({ slot: this.index }, message),
    });
  }

  status(): SlotStatus {
    return {
      slot: this.index,
      state: this.#state,
      epoch: this.#tenancy.record?.epoch ?? 0,
      pid: this.#tenancy.record?.process?.pid ?? null,
      gpuUuid: this.#options.placement.gpuUuid,
      cpuList: this.#options.placement.cpuList,
      gpus: this.#gpus,
      gpuProblem: this.#gpuProblem,
      sessions: this.sessions(),
      running: this.#book.running(),
    };
  }

  capabilities(): WorkerCapabilities | null {
    return this.#capabilities;
  }

  sessions(): string[] {
    return this.#sessions.names();
  }

  openSession(session: string, spec: SandboxSpec, options: { signal?: AbortSignal } = {}): Promise<{ kept: boolean }> {
    return this.#sessions.open(session, spec, options.signal);
  }

  closeSession(session: string): Promise<void> {
    return this.#sessions.close(session);
  }

  execute(execId: string, request: ExecutionRequest, options: ExecuteOptions = {}): Promise<ExecutionResult> {
    if (this.#over !== null) {
      return Promise.reject(this.#over);
    }
    if (request.kind !== 'evaluate' && !this.#sessions.has(request.session)) {
      const what = `session ${request.session}`;
      return Promise.reject(new WorkerLostError(this.index, 'its present worker has no such session', what));
    }
    return this.#book.execute(execId, request, options);
  }

  unclaimed(): string[] {
    return this.#book.unclaimed();
  }

  async forget(execIds: string[]): Promise<void> {
    this.#book.forget(execIds);
    const line = this.#line;
    try {
      await line?.forget(execIds);
    } catch (error) {
      this.#lineTrouble(line, error); // They stay with the worker until it has brought them once more.
    }
  }

  withDevice<T>(work: () => Promise<T>, options: { priority?: DevicePriority; signal?: AbortSignal } = {}): Promise<T> {
    return this.#device.hold(work, options.priority ?? 'tool', options.signal);
  }

  /** Shuts the worker down, by force when it does not go. Resolves when it is gone. */
  async close(): Promise<void> {
    const line = this.#line;
    this.#end(new PoolClosedError(), 'closed', 'the pool is closed');
    await this.#tenancy.shutDown(async () => {
      await line?.shutdown();
    });
    line?.drop();
  }

  /** Leaves the worker to a successor of this server. */
  detach(): void {
    const line = this.#line;
    this.#end(new PoolClosedError(), 'closed', 'the worker is left to the next server');
    line?.drop();
  }

  async #grant(line: SlotLine, hello: Hello): Promise<number> {
    const { tenant } = this.#tenancy;
    const revoked = new RpcRefusal(workerRefusals.revoked, `worker ${hello.workerId} has lost its place to another`);
    if (this.#over !== null || hello.workerId !== tenant?.workerId) {
      throw revoked;
    }
    const epoch = await this.#tenancy.grantEpoch(hello.pid);
    if (this.#tenancy.tenant !== tenant) {
      throw revoked;
    }
    const previous = this.#line;
    this.#line = line;
    this.#book.disconnected();
    previous?.drop();
    return epoch;
  }

  /** Renews once before anything is asked: the answer shows that the worker has taken the epoch. */
  async #confirm(line: SlotLine): Promise<void> {
    const { hello } = line;
    if (hello === null || !(await this.#renew(line)) || line !== this.#line) {
      return;
    }
    const { capabilities } = hello;
    this.#capabilities = capabilities;
    this.#sessions.replace(hello.sessions);
    this.#readyAt = performance.now();
    this.#setState('ready', `epoch ${line.epoch}`);
    this.#foundLost = this.#book.connected(line, hello.executions);
    const { index: slot } = this;
    this.#options.onEvent({ type: 'slot_ready', slot, epoch: line.epoch, adopted: this.#adopting, capabilities });
    this.#readiness.announce(line);
  }

  async #finished(line: SlotLine, execId: string, result: ExecutionResult): Promise<'accepted' | 'unclaimed'> {
    if (line !== this.#line) {
      throw staleEpoch(line.epoch, this.#line?.epoch ?? 0);
    }
    return await this.#book.finished(execId, result);
  }

  #closed(line: SlotLine, reason: string): void {
    if (line !== this.#line) {
      return;
    }
    this.#line = null;
    this.#book.disconnected();
    if (this.#state === 'ready') {
      this.#setState('disconnected', reason);
    }
    // A socket that closes is the first sign of a dead process; the second follows within milliseconds.
    setTimeout(() => this.#look(), 30);
  }

  /** Trouble that a new connection may mend. The worker dials again, and everything unanswered is asked again. */
  #lineTrouble(line: SlotLine | null, error: unknown): void {
    if (line === null || line !== this.#line) {
      return;
    }
    if (!(error instanceof PeerClosedError)) {
      this.#options.log.warn({ slot: this.index, err: error }, 'the connection to the worker is dropped');
    }
    line.drop();
    this.#closed(line, 'dropped');
  }

  #look(): void {
    if (this.#over !== null || this.#state === 'starting' || this.#state === 'relaunching') {
      return;
    }
    const { leaseMs, graceMs, renewEveryMs } = this.#options.timing;
    const silentMs = this.#silence.look();
    if (this.#tenancy.isAlive() === false) {
      this.#lose('its process has ended');
    } else if (silentMs > leaseMs + graceMs) {
      this.#lose(`no sign of life for ${Math.round(silentMs / 1000)} s`);
    } else if (silentMs > leaseMs && this.#state !== 'suspect') {
      this.#setState('suspect', `no sign of life for ${Math.round(silentMs / 1000)} s`);
    } else if (this.#line !== null && !this.#renewing && performance.now() - this.#renewedAt >= renewEveryMs) {
      const line = this.#line;
      this.#renew(line).catch((error: unknown) => this.#lineTrouble(line, error));
    }
  }

  /** @returns false if the connection was replaced meanwhile */
  async #renew(line: SlotLine): Promise<boolean> {
    this.#renewing = true;
    this.#renewedAt = performance.now();
    try {
      const { gpus, gpuProblem } = await line.renew();
      if (line !== this.#line) {
        return false;
      }
      this.#silence.end();
      this.#gpus = gpus;
      this.#gpuProblem = gpuProblem;
      if (this.#state === 'suspect') {
        this.#setState('ready', 'the lease was renewed');
      }
      this.#options.onEvent({ type: 'telemetry', slot: this.index, gpus, problem: gpuProblem });
      return true;
    } finally {
      this.#renewing = false;
    }
  }

  #lose(reason: string): void {
    const line = this.#line;
    const sessions = this.sessions();
    this.#line = null;
    this.#sessions.replace([]);
    this.#book.disconnected();
    this.#setState('relaunching', reason);
    line?.drop();
    this.#failures = performance.now() - this.#readyAt < soundAfterMs ? this.#failures + 1 : 0;
    this.#refill(reason, sessions).catch((error: unknown) => {
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#end(new SlotFailedError(this.index, cause), 'failed', cause.message);
    });
  }

  async #refill(reason: string, sessions: string[]): Promise<void> {
    const gone = await this.#tenancy.evict();
    const executions = this.#book.lost(reason, gone);
    let failure = new Error(`its worker was lost ${maxFailuresInARow} times in a row, the last time: ${reason}`);
    let isFilled = false;
    while (!isFilled && this.#over === null) {
      if (this.#failures >= maxFailuresInARow) {
        throw failure;
      }
      await sleep(this.#failures === 0 ? 0 : 250 * 2 ** this.#failures);
      try {
        await this.#launch(gone);
        isFilled = true;
      } catch (error) {
        this.#failures += 1;
        failure = error instanceof Error ? error : failure;
        this.#options.log.warn({ slot: this.index, err: error }, 'the next worker did not start');
      }
    }
    executions.push(...this.#foundLost);
    this.#options.onEvent({ type: 'slot_lost', slot: this.index, reason, sessions, executions });
  }

  async #launch(predecessorGone: boolean): Promise<void> {
    const { helloMs } = this.#options.timing;
    if (this.#over !== null) {
      throw this.#over;
    }
    if (this.#state === 'relaunching') {
      this.#setState('starting', 'the next worker is launched');
    }
    await this.#tenancy.launch(predecessorGone);
    if (!(await this.#becomesReady(helloMs))) {
      const ended = this.#tenancy.isAlive() === false;
      const what = ended ? 'it ended at once' : `it said no hello within ${helloMs} ms`;
      const error = await this.#tenancy.startError(what, { ended });
      await this.#tenancy.evict();
      throw error;
    }
  }

  async #becomesReady(deadlineMs: number): Promise<boolean> {
    const deadline = performance.now() + deadlineMs;
    while (this.#state !== 'ready') {
      if (this.#over !== null) {
        throw this.#over;
      }
      if (this.#tenancy.isAlive() === false || performance.now() > deadline) {
        return false;
      }
      await sleep(10);
    }
    return true;
  }

  /** The line of a worker that can be asked, as soon as there is one. */
  #ready(signal: AbortSignal | undefined): Promise<SlotLine> {
    if (this.#over !== null) {
      return Promise.reject(this.#over);
    }
    if (this.#line !== null && (this.#state === 'ready' || this.#state === 'suspect')) {
      return Promise.resolve(this.#line);
    }
    return this.#readiness.next(signal);
  }

  #end(error: Error, state: SlotState, detail: string): void {
    if (this.#over !== null) {
      return;
    }
    this.#over = error;
    this.#line = null;
    if (this.#watch !== null) {
      clearInterval(this.#watch);
    }
    this.#sessions.replace([]);
    this.#book.end(error);
    this.#readiness.over(error);
    this.#setState(state, detail);
  }

  #setState(state: SlotState, detail: string): void {
    this.#state = state;
    this.#options.onEvent({ type: 'slot_state', slot: this.index, state, detail });
  }
}
