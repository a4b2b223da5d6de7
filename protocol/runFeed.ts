/**
 * One run, as it is on the server and as it goes on: a snapshot, then every event after it, once and in order, across lost
 * connections, slow readers and restarts of the server.
 */
import { applyEvent, openSnapshot, type RunView } from './projection.ts';
import { PeerClosedError, RemoteError } from './rpcErrors.ts';
import type { RunEvent, RunId, RunSummary } from './run.ts';
import { type AgentServerClient, NotConnectedError } from './serverClient.ts';
import { Listeners, type Subscription } from './subscription.ts';

export type RunFeedChange =
  /** `view` is new: begin again from it. */
  | { kind: 'reset'; view: RunView }
  /** They are in `view` already. */
  | { kind: 'events'; events: readonly RunEvent[]; view: RunView }
  /** The state of the run changed without an event: its server died, say. */
  | { kind: 'summary'; view: RunView }
  /** It cannot be followed any more: deleted, or its log cannot be read. */
  | { kind: 'ended'; error: Error };

/** From a server that failed to answer to the next try. */
const retryMs = 1000;

export class RunFeed {
  readonly run: RunId;
  readonly #client: AgentServerClient;
  readonly #changes = new Listeners<RunFeedChange>();
  readonly #subscriptions: Subscription[];
  #view: RunView | null = null;
  #isStale = true;
  #isDisposed = false;
  #ended: Error | null = null;
  #syncing: Promise<void> | null = null;
  #isSyncWanted = false;
  #retry: NodeJS.Timeout | null = null;

  /** Begins at once. The first change is a `reset`. */
  constructor(client: AgentServerClient, run: RunId) {
    this.run = run;
    this.#client = client;
    this.#subscriptions = [
      client.on('run.events', ({ run: id, events }) => {
        if (id === run) this.#receive(events);
      }),
      client.on('run.lagging', ({ run: id }) => {
        if (id === run) this.#sync();
      }),
      client.on('run.changed', ({ summary }) => {
        if (summary.id === run) this.#summary(summary);
      }),
      client.on('run.deleted', ({ run: id }) => {
        if (id === run) this.#end(new Error(`Run ${run} was deleted.`));
      }),
      client.keep(async () => this.#sync()),
    ];
  }

  /** The run as far as it is known here; null before the first snapshot. Read only. */
  get view(): RunView | null {
    return this.#view;
  }

  onChange(listener: (change: RunFeedChange) => void): Subscription {
    return this.#changes.add(listener);
  }

  /** Resolves with the first view. @throws why there is none; {NotConnectedError} after `timeoutMs` */
  ready(timeoutMs = 30_000): Promise<RunView> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) return reject(this.#ended);
      if (this.#view !== null) return resolve(this.#view);
      const settle = (act: () => void) => {
        clearTimeout(timer);
        subscription.dispose();
        act();
      };
      const timer = setTimeout(
        () => settle(() => reject(new NotConnectedError(`run ${this.run} did not come within ${timeoutMs / 1000} s`))),
        timeoutMs,
      );
      const subscription = this.onChange((change) => {
        if (change.kind === 'ended') settle(() => reject(change.error));
        else settle(() => resolve(change.view));
      });
    });
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const subscription of this.#subscriptions) subscription.dispose();
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#client.state.kind !== 'connected') return;
    // Another connection forgets it by itself.
    this.#client.request('run.unfollow', { run: this.run }).catch(() => undefined);
  }

  /** One at a time; what asks for one meanwhile gets one after it. */
  #sync(): void {
    if (this.#isDisposed || this.#ended !== null) return;
    if (this.#syncing !== null) {
      this.#isSyncWanted = true;
      return;
    }
    this.#syncing = this.#synchronise().finally(() => {
      this.#syncing = null;
      if (!this.#isSyncWanted) return;
      this.#isSyncWanted = false;
      this.#sync();
    });
  }

  async #synchronise(): Promise<void> {
    try {
      if (this.#view === null || this.#isStale) {
        const snapshot = await this.#client.request('run.snapshot', { run: this.run });
        this.#view = openSnapshot(snapshot);
        this.#isStale = false;
        this.#tell({ kind: 'reset', view: this.#view });
      }
      await this.#client.request('run.follow', { run: this.run, sinceSeq: this.#view.lastSeq });
    } catch (error) {
      this.#syncFailed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #syncFailed(error: Error): void {
    if (this.#isDisposed) return;
    const isRefused = error instanceof RemoteError && error.kind !== null;
    if (isRefused) {
      this.#end(error);
      return;
    }
    // Without a connection `keep` begins again with the next one.
    if (error instanceof PeerClosedError || this.#client.state.kind !== 'connected') return;
    this.#retry = setTimeout(() => this.#sync(), retryMs);
  }

  #receive(events: readonly RunEvent[]): void {
    const view = this.#view;
    if (view === null || this.#isStale) return;
    const fresh = events.filter(({ seq }) => seq > view.lastSeq);
    const [first] = fresh;
    if (first === undefined) return;
    // A snapshot shows a run that is down as interrupted; what it was before is needed to go on from.
    const isTakenUp = view.summary.state === 'interrupted';
    if (first.seq !== view.lastSeq + 1 || isTakenUp) {
      this.#isStale = this.#isStale || isTakenUp;
      this.#sync();
      return;
    }
    for (const event of fresh) applyEvent(view, event);
    this.#tell({ kind: 'events', events: fresh, view });
  }

  #summary(summary: RunSummary): void {
    const view = this.#view;
    if (view === null || view.summary.state === summary.state) return;
    // Everything but this comes with events, and in their order.
    if (summary.state !== 'interrupted') return;
    view.summary.state = 'interrupted';
    view.activeSince = null;
    this.#tell({ kind: 'summary', view });
  }

  #end(error: Error): void {
    if (this.#ended !== null) return;
    this.#ended = error;
    this.#tell({ kind: 'ended', error });
  }

  #tell(change: RunFeedChange): void {
    if (!this.#isDisposed) this.#changes.tell(change);
  }
}
