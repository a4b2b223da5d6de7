/**
 * Trajectories that are on the screen. The server has one subscription for each candidate and connection: panels that show the
 * same one share it. Each gets every new event once and in order, across lost connections.
 */
import type { TrajectoryItem } from '../../../protocol/clientViews.ts';
import type { CandidateId, RunId } from '../../../protocol/run.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';
import type { Subscription } from '../../../protocol/subscription.ts';

interface Follower {
  run: RunId;
  candidate: CandidateId;
  /** Index of the first event that it has not. */
  next: number;
  tell: (items: TrajectoryItem[]) => void;
}

const pageLimit = 500;

export class FollowedTrajectories {
  readonly #followers = new Set<Follower>();
  #client: AgentServerClient | null = null;
  #subscriptions: Subscription[] = [];

  attach(client: AgentServerClient | null): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#subscriptions = [];
    this.#client = client;
    if (client === null) return;
    this.#subscriptions = [
      client.on('trajectory.events', ({ run, candidate, items }) => this.#receive(run, candidate, items)),
      client.keep(async () => {
        for (const follower of this.#followers) await this.#subscribe(follower);
      }),
    ];
  }

  /** @param from index of the first event that is wanted */
  async follow(
    { run, candidate, from }: { run: RunId; candidate: CandidateId; from: number },
    tell: (items: TrajectoryItem[]) => void,
  ): Promise<Subscription> {
    const follower: Follower = { run, candidate, next: from, tell };
    this.#followers.add(follower);
    await this.#subscribe(follower);
    return { dispose: () => this.#leave(follower) };
  }

  /** From the earliest that any of its followers wants: the others skip what they have. */
  async #subscribe({ run, candidate }: Follower): Promise<void> {
    const from = Math.min(...this.#of(run, candidate).map(({ next }) => next));
    if (Number.isFinite(from)) await this.#client?.request('trajectory.follow', { run, candidate, from });
  }

  #leave(follower: Follower): void {
    const { run, candidate } = follower;
    this.#followers.delete(follower);
    if (this.#of(run, candidate).length > 0 || this.#client?.state.kind !== 'connected') return;
    this.#client.request('trajectory.unfollow', { run, candidate }).catch(() => undefined);
  }

  #of(run: RunId, candidate: CandidateId): Follower[] {
    return [...this.#followers].filter((one) => one.run === run && one.candidate === candidate);
  }

  #receive(run: RunId, candidate: CandidateId, items: readonly TrajectoryItem[]): void {
    for (const follower of this.#of(run, candidate)) this.#hand(follower, items);
  }

  #hand(follower: Follower, items: readonly TrajectoryItem[]): void {
    const fresh = items.filter(({ index }) => index >= follower.next);
    const [first] = fresh;
    const last = fresh.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.index > follower.next) {
      void this.#fill(follower);
      return;
    }
    follower.next = last.index + 1;
    follower.tell(fresh);
  }

  /** Events are missing: they are read, up to where the log is now. */
  async #fill(follower: Follower): Promise<void> {
    const client = this.#client;
    while (client !== null && this.#client === client && this.#followers.has(follower)) {
      const { run, candidate, next } = follower;
      const page = await client.request('trajectory.page', { run, candidate, from: next, limit: pageLimit });
      // Another answer may have come in meanwhile.
      if (follower.next === next && page.items.length > 0) this.#hand(follower, page.items);
      if (page.items.length < pageLimit) return;
    }
  }
}
