/**
 * Trajectories that are on the screen. The server has one subscription for each candidate and connection: panels that show the
 * same one share it. Each gets every new event once and in order, across lost connections.
 */
import type { TrajectoryItem } from '../../../protocol/clientViews.ts';
import type { CandidateId, RunId } from '../../../protocol/run.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';
import type { Subscription } from '../../../protocol/subscription.ts';

/** What of the server is needed. */
export interface TrajectorySource {
  /** At most `limit` events from this index on. */
  page(run: RunId, candidate: CandidateId, from: number, limit: number): Promise<readonly TrajectoryItem[]>;
  follow(run: RunId, candidate: CandidateId, from: number): Promise<unknown>;
  unfollow(run: RunId, candidate: CandidateId): void;
  onItems(listener: (run: RunId, candidate: CandidateId, items: readonly TrajectoryItem[]) => void): Subscription;
  /** Now, and with every new connection. */
  onConnected(act: () => Promise<void>): Subscription;
}

export function trajectoriesOf(client: AgentServerClient): TrajectorySource {
  return {
    page: async (run, candidate, from, limit) =>
      (await client.request('trajectory.page', { run, candidate, from, limit })).items,
    follow: (run, candidate, from) => client.request('trajectory.follow', { run, candidate, from }),
    unfollow: (run, candidate) => {
      // A connection that is gone has forgotten it by itself.
      if (client.state.kind === 'connected')
        client.request('trajectory.unfollow', { run, candidate }).catch(() => undefined);
    },
    onItems: (listener) =>
      client.on('trajectory.events', ({ run, candidate, items }) => listener(run, candidate, items)),
    onConnected: (act) => client.keep(act),
  };
}

interface Follower {
  run: RunId;
  candidate: CandidateId;
  /** Index of the first event that it has not. */
  next: number;
  tell: (items: TrajectoryItem[]) => void;
}

export interface Following extends Subscription {
  /** The server has heard of it. @throws why it has not; the next connection asks again, until this is disposed of */
  readonly begun: Promise<void>;
}

const pageLimit = 500;

export class FollowedTrajectories {
  readonly #followers = new Set<Follower>();
  #source: TrajectorySource | null = null;
  #subscriptions: Subscription[] = [];

  attach(source: TrajectorySource | null): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#subscriptions = [];
    this.#source = source;
    if (source === null) return;
    this.#subscriptions = [
      source.onItems((run, candidate, items) => {
        for (const follower of this.#of(run, candidate)) this.#hand(follower, items);
      }),
      source.onConnected(async () => {
        // One that is refused keeps none of the others waiting.
        await Promise.all([...this.#followers].map((follower) => this.#subscribe(follower)));
      }),
    ];
  }

  /**
   * Can be disposed of at once, also where the server does not answer.
   * @param from index of the first event that is wanted
   */
  follow(
    { run, candidate, from }: { run: RunId; candidate: CandidateId; from: number },
    tell: (items: TrajectoryItem[]) => void,
  ): Following {
    const follower: Follower = { run, candidate, next: from, tell };
    this.#followers.add(follower);
    return { begun: this.#subscribe(follower), dispose: () => this.#leave(follower) };
  }

  /** From the earliest that any of its followers wants: the others skip what they have. */
  async #subscribe({ run, candidate }: Follower): Promise<void> {
    const source = this.#source;
    const from = Math.min(...this.#of(run, candidate).map(({ next }) => next));
    if (source === null || !Number.isFinite(from)) return;
    try {
      await source.follow(run, candidate, from);
    } finally {
      // Let go of meanwhile: its end was told before its beginning, or to nobody.
      if (this.#of(run, candidate).length === 0) source.unfollow(run, candidate);
    }
  }

  #leave(follower: Follower): void {
    const { run, candidate } = follower;
    if (this.#followers.delete(follower) && this.#of(run, candidate).length === 0)
      this.#source?.unfollow(run, candidate);
  }

  #of(run: RunId, candidate: CandidateId): Follower[] {
    return [...this.#followers].filter((one) => one.run === run && one.candidate === candidate);
  }

  #hand(follower: Follower, items: readonly TrajectoryItem[]): void {
    const fresh = items.filter(({ index }) => index >= follower.next);
    const [first] = fresh;
    const last = fresh.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.index > follower.next) {
      // The next connection begins again from what it has.
      this.#fill(follower).catch(() => undefined);
      return;
    }
    follower.next = last.index + 1;
    follower.tell(fresh);
  }

  /** Events are missing: they are read, up to where the log is now. */
  async #fill(follower: Follower): Promise<void> {
    const source = this.#source;
    while (source !== null && this.#source === source && this.#followers.has(follower)) {
      const { run, candidate, next } = follower;
      const items = await source.page(run, candidate, next, pageLimit);
      // Another answer may have come in meanwhile.
      if (follower.next === next && items[0]?.index === next) this.#hand(follower, items);
      if (items.length < pageLimit) return;
    }
  }
}
