/** The runs that this server hosts: started, taken up, ended, handed over. */
import type { Logger } from 'pino';
import type { Price } from '../../protocol/cost.ts';
import { readDiscovery } from '../../protocol/discovery.ts';
import type { RunId } from '../../protocol/run.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { RefusedError } from '../api/refusal.ts';
import { RunHost } from '../api/runHost.ts';
import { type FileLog, openRunLog } from '../api/runLog.ts';
import { openToGoOn, tellNotTakenUp } from '../api/takeUp.ts';
import { type ChatModel, ChatModelError } from '../models/chatModel.ts';
import { Activities } from '../search/activities.ts';
import { runDirectory, runPaths } from '../store/home.ts';
import { LockedError, lockHolder } from '../store/processLock.ts';
import type { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import type { HostedList } from './hostedList.ts';

/** A run at home here. */
export interface HostedRun {
  store: RunStore;
  /** Rejects if it could not be started. */
  host: Promise<RunHost>;
  /** The host once it is up. */
  running: RunHost | null;
  activities: Activities;
  /** Why slots are in the state that they are in, in words. */
  slotDetails: Map<number, string>;
  /** Resolves when it is not hosted any more, whatever the reason. */
  ended: Promise<void>;
}

export interface HostingOptions {
  home: string;
  /** @throws {RefusedError} `environment` */
  venv: () => string;
  /** @throws {ChatModelError} kind `auth` without a key */
  modelOf: (id: string) => ChatModel;
  /** Through which clients reach the runs hosted here. */
  door: () => { url: string; token: string };
  list: HostedList;
  log: Logger;
  /** A run has a new event. */
  onEvent: (run: RunId) => void;
  /** Slots or agents of a run do something else. */
  onActivity: (run: RunId) => void;
  /** A run has come, or gone. */
  onChange: (run: RunId) => void;
}

const goingOnAtOnce = 4;
/** Steering a run that is down takes some tenths of a second, unsealing one minutes. */
const lockedRetryMs = 2000;

export class Hosting {
  readonly #options: HostingOptions;
  readonly #runs = new Map<RunId, HostedRun>();
  /** Those that are being taken up at this moment. */
  readonly #beginning = new Map<RunId, Promise<void>>();
  /** Runs of the list that wait for a key or for something of the machine; each settles when its log says so. */
  readonly #waiting = new Map<RunId, Promise<void>>();
  /** How often something may have come that runs waited for. */
  #retries = 0;
  #isHandedOver = false;

  constructor(options: HostingOptions) {
    this.#options = options;
  }

  get(id: RunId): HostedRun | null {
    return this.#runs.get(id) ?? null;
  }

  live(): RunId[] {
    return [...this.#runs.keys(), ...[...this.#beginning.keys()].filter((id) => !this.#runs.has(id))];
  }

  /** Hosts a new run. Resolves when its workers are up. The store is closed here when the run has ended. */
  async begin(store: RunStore, run: { task: PreparedTask; model: ChatModel; price: Price | null }): Promise<void> {
    try {
      await this.#options.list.add(store.id);
    } catch (error) {
      await store.close();
      throw error;
    }
    await this.#host(store, run).host;
  }

  /**
   * Takes up a run that is down. Resolves when its workers are up; who comes while others wait for that waits with them.
   * @throws {RefusedError} {RunNotFoundError} {LockedError} another process hosts it; {ChatModelError}
   */
  async takeUp(id: RunId): Promise<void> {
    const begun = this.#beginning.get(id);
    if (begun !== undefined) return begun;
    if (this.#runs.has(id)) throw new RefusedError('refused', `Run ${id} is live: there is nothing to resume.`);
    const beginning = this.#takeUp(id).finally(() => this.#beginning.delete(id));
    this.#beginning.set(id, beginning);
    return beginning;
  }

  async #takeUp(id: RunId): Promise<void> {
    const { home, modelOf, list, venv } = this.#options;
    await this.#waiting.get(id);
    // What is missing is found before anything is written.
    venv();
    const { store, ...run } = await openToGoOn(home, id, { modelOf });
    try {
      await list.add(id);
    } catch (error) {
      await store.close();
      throw error;
    }
    this.#waiting.delete(id);
    await this.#host(store, run).host;
  }

  /** Takes up what the server before this one hosted. Never rejects: what cannot be taken up is said in the log. */
  async takeUpAll(): Promise<void> {
    const ids = this.#options.list.runs();
    const takers = Array.from({ length: goingOnAtOnce }, async () => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) await this.#takeUpListed(id);
    });
    await Promise.all(takers);
  }

  /** The run is not to be taken up any more. */
  async forget(id: RunId): Promise<void> {
    this.#waiting.delete(id);
    await this.#options.list.remove(id);
  }

  /** Something that runs waited for may have come: a key, an environment. */
  retryWaiting(): void {
    this.#retries += 1;
    for (const [id, told] of [...this.#waiting]) {
      this.#waiting.delete(id);
      void told.then(() => this.#takeUpListed(id));
    }
  }

  /** Interrupts all runs for the next server, with their workers left at work. Resolves when none is hosted any more. */
  async handOver(reason: string): Promise<void> {
    this.#isHandedOver = true;
    for (const run of this.#runs.values()) run.running?.handOver(reason);
    // One that is just starting is handed over as soon as it is up.
    await Promise.allSettled(this.#beginning.values());
    await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
  }

  async #takeUpListed(id: RunId): Promise<void> {
    const { list, log } = this.#options;
    const retriesBefore = this.#retries;
    try {
      if (this.#isHandedOver || this.#runs.has(id)) return;
      if (!(await list.takesUp(id, Date.now()))) {
        const why = 'the run was taken up again and again, and its server died each time: it is left alone';
        log.error({ run: id }, why);
        await this.#tellNotTakenUp(id, why);
        await this.#unlist(id);
        return;
      }
      await this.takeUp(id);
      log.info({ run: id }, 'the run was taken up');
    } catch (error) {
      log.warn({ run: id, err: error }, 'the run could not be taken up');
      if (error instanceof LockedError) {
        if (await this.#isHostedElsewhere(id)) await this.#unlist(id);
        // Somebody only steers it at this moment: that is over soon.
        else await this.#takeUpLater(id);
        return;
      }
      const told = this.#tellNotTakenUp(id, messageOf(error));
      if (isWorthWaiting(error)) {
        this.#waiting.set(id, told);
        await told;
        await this.#survived(id);
        // What it waits for may have come while it was found missing.
        if (this.#retries !== retriesBefore && this.#waiting.delete(id)) void this.#takeUpListed(id);
        return;
      }
      await told;
      if (!this.#runs.has(id)) await this.#unlist(id);
    }
  }

  async #takeUpLater(id: RunId): Promise<void> {
    await this.#survived(id);
    setTimeout(() => void this.#takeUpListed(id), lockedRetryMs).unref();
  }

  /** This server lives to tell of it: the take-up is no sign that the run takes servers down. */
  #survived(id: RunId): Promise<void> {
    return this.#stored(id, this.#options.list.survived(id));
  }

  /** The next server is not to take it up. */
  #unlist(id: RunId): Promise<void> {
    return this.#stored(id, this.#options.list.remove(id));
  }

  /** A list that could not be stored is no fault of its runs. */
  #stored(run: RunId, storing: Promise<void>): Promise<void> {
    const { log } = this.#options;
    return storing.catch((error: unknown) => log.error({ run, err: error }, 'the list of runs was not stored'));
  }

  /** A process that hosts a run says where it is to be found; one that only steers it does not. */
  async #isHostedElsewhere(id: RunId): Promise<boolean> {
    const paths = runPaths(runDirectory(this.#options.home, id));
    const host = await readDiscovery(paths.discovery).catch(() => null);
    // That of a host that was killed is still there.
    return host !== null && host.pid === (await lockHolder(paths.lock));
  }

  /** For those who look at the run. One that cannot be opened is left alone. Never rejects. */
  async #tellNotTakenUp(id: RunId, reason: string): Promise<void> {
    if (this.#runs.has(id)) return;
    const { home, log, onChange } = this.#options;
    try {
      await tellNotTakenUp(home, id, reason);
      onChange(id);
    } catch (fault) {
      log.warn({ run: id, err: fault }, 'the run does not say why it was not taken up');
    }
  }

  #host(store: RunStore, run: { task: PreparedTask; model: ChatModel; price: Price | null }): HostedRun {
    const { id } = store;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const fileLog = openRunLog(store.paths.log, this.#options.log.level);
    const hosted: HostedRun = {
      store,
      host: this.#start(store, run, fileLog),
      running: null,
      activities: new Activities(),
      slotDetails: new Map(),
      ended,
    };
    this.#runs.set(id, hosted);
    const unsubscribe = store.subscribe(store.view.lastSeq, ({ body }) => {
      hosted.activities.event(body);
      this.#options.onEvent(id);
    });
    this.#options.onChange(id);
    void this.#live(hosted).finally(async () => {
      unsubscribe();
      await store.close().catch((error: unknown) => this.#options.log.error({ run: id, err: error }, 'closing a run'));
      fileLog.close();
      this.#runs.delete(id);
      this.#options.onChange(id);
      end();
    });
    return hosted;
  }

  async #start(
    store: RunStore,
    run: { task: PreparedTask; model: ChatModel; price: Price | null },
    { log }: FileLog,
  ): Promise<RunHost> {
    const { id } = store;
    const { venv, door, onActivity } = this.#options;
    return await RunHost.start({
      store,
      ...run,
      venv: venv(),
      log,
      door: door(),
      onActivity: (activity) => {
        this.#runs.get(id)?.activities.heard(activity, Date.now());
        onActivity(id);
      },
      onPoolEvent: (event) => {
        if (event.type === 'slot_state') this.#runs.get(id)?.slotDetails.set(event.slot, event.detail);
        onActivity(id);
      },
    });
  }

  /** From its start to its end. Never rejects. */
  async #live(hosted: HostedRun): Promise<void> {
    const { log } = this.#options;
    const run = hosted.store.id;
    try {
      const host = await hosted.host;
      hosted.running = host;
      if (this.#isHandedOver) host.handOver('the server hands over');
      const end = await host.run();
      if (end.kind === 'finished') log.info({ run }, 'the run has finished');
      else log.warn({ run, reason: end.reason }, 'the run was interrupted');
      if (end.kind === 'interrupted' && this.#isHandedOver) return await this.#survived(run);
    } catch (error) {
      log.error({ run, err: error }, 'the run was interrupted by a fault');
    }
    await this.#unlist(run);
  }
}

/** A key comes with the next client, an environment when somebody makes it. */
function isWorthWaiting(error: unknown): boolean {
  if (error instanceof ChatModelError) return error.kind === 'auth';
  return error instanceof RefusedError && error.kind === 'environment';
}
