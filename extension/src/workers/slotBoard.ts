/** What every slot of every live run does, for as long as something looks. */
import type { SlotView } from '../../../protocol/clientViews.ts';
import type { RunId } from '../../../protocol/run.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';
import { Listeners, type Subscription } from '../../../protocol/subscription.ts';

export interface SlotsChange {
  run: RunId;
  slots: readonly SlotView[];
}

export class SlotBoard {
  readonly #changes = new Listeners<SlotsChange>();
  readonly #slots = new Map<RunId, readonly SlotView[]>();
  #client: AgentServerClient | null = null;
  #subscriptions: Subscription[] = [];
  #watchers = 0;
  #watching: Subscription | null = null;

  onChange(listener: (change: SlotsChange) => void): Subscription {
    return this.#changes.add(listener);
  }

  /** Runs that have slots, in the order in which they were heard of. */
  all(): ReadonlyMap<RunId, readonly SlotView[]> {
    return this.#slots;
  }

  of(run: RunId): readonly SlotView[] {
    return this.#slots.get(run) ?? [];
  }

  attach(client: AgentServerClient | null): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#watching?.dispose();
    this.#watching = null;
    this.#client = client;
    for (const run of [...this.#slots.keys()]) this.#put(run, []);
    if (client === null) return;
    this.#subscriptions = [client.on('workers.changed', ({ run, slots }) => this.#put(run, slots))];
    this.#listen();
  }

  /** From now until what is returned is disposed of, slots are told about. */
  watch(): Subscription {
    this.#watchers += 1;
    this.#listen();
    let isWatching = true;
    return {
      dispose: () => {
        if (!isWatching) return;
        isWatching = false;
        this.#watchers -= 1;
        if (this.#watchers === 0) this.#stopListening();
      },
    };
  }

  /** A run has come to its end: its slots are gone. */
  forget(run: RunId): void {
    if (this.#slots.has(run)) this.#put(run, []);
  }

  #listen(): void {
    const client = this.#client;
    if (client === null || this.#watchers === 0 || this.#watching !== null) return;
    this.#watching = client.keep(() => client.request('workers.watch', { on: true }));
  }

  #stopListening(): void {
    this.#watching?.dispose();
    this.#watching = null;
    // Without a connection there is nothing to turn off.
    if (this.#client?.state.kind === 'connected')
      this.#client.request('workers.watch', { on: false }).catch(() => undefined);
  }

  #put(run: RunId, slots: readonly SlotView[]): void {
    if (slots.length === 0) this.#slots.delete(run);
    else this.#slots.set(run, slots);
    this.#changes.tell({ run, slots });
  }
}
