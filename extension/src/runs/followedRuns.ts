/**
 * Runs that something in this window looks at: each is followed once, however many look, and let go of some time after the
 * last one has turned away. A new connection to another server begins them anew.
 */
import type { RunView } from '../../../protocol/projection.ts';
import type { RunId } from '../../../protocol/run.ts';
import { RunFeed, type RunFeedChange } from '../../../protocol/runFeed.ts';
import { type AgentServerClient, NotConnectedError } from '../../../protocol/serverClient.ts';
import { Listeners, type Subscription } from '../../../protocol/subscription.ts';

interface Followed {
  holders: number;
  feed: RunFeed | null;
  letGo: NodeJS.Timeout | null;
}

export interface FollowedChange {
  run: RunId;
  change: RunFeedChange;
}

/** A person who closes a run and opens it again finds it as it was. */
const defaultLingerMs = 60_000;

export class FollowedRuns {
  readonly #changes = new Listeners<FollowedChange>();
  readonly #runs = new Map<RunId, Followed>();
  readonly #lingerMs: number;
  #client: AgentServerClient | null = null;

  constructor(lingerMs = defaultLingerMs) {
    this.#lingerMs = lingerMs;
  }

  onChange(listener: (change: FollowedChange) => void): Subscription {
    return this.#changes.add(listener);
  }

  /** As far as it is known; null while nobody holds it, or its snapshot has not come. */
  view(run: RunId): RunView | null {
    return this.#runs.get(run)?.feed?.view ?? null;
  }

  attach(client: AgentServerClient | null): void {
    this.#client = client;
    for (const [run, followed] of this.#runs) {
      followed.feed?.dispose();
      followed.feed = client === null ? null : this.#follow(client, run);
    }
  }

  /** Follows the run until what is returned is disposed of. */
  hold(run: RunId): Subscription {
    const followed = this.#runs.get(run) ?? { holders: 0, feed: null, letGo: null };
    this.#runs.set(run, followed);
    followed.holders += 1;
    if (followed.letGo !== null) clearTimeout(followed.letGo);
    followed.letGo = null;
    if (followed.feed === null && this.#client !== null) followed.feed = this.#follow(this.#client, run);
    let isHeld = true;
    return {
      dispose: () => {
        if (isHeld) this.#release(run, followed);
        isHeld = false;
      },
    };
  }

  /** Its first view, for one who holds it. @throws why there is none */
  async ready(run: RunId): Promise<RunView> {
    const feed = this.#runs.get(run)?.feed ?? null;
    if (feed === null) throw new NotConnectedError('no agent server is running');
    return feed.ready();
  }

  /** Holds it only for as long as it takes to look. */
  async look<T>(run: RunId, look: (view: RunView) => T): Promise<T> {
    const hold = this.hold(run);
    try {
      return look(await this.ready(run));
    } finally {
      hold.dispose();
    }
  }

  dispose(): void {
    for (const followed of this.#runs.values()) this.#end(followed);
    this.#runs.clear();
  }

  #follow(client: AgentServerClient, run: RunId): RunFeed {
    const feed = new RunFeed(client, run);
    feed.onChange((change) => {
      if (change.kind === 'ended') this.#drop(run, feed);
      this.#changes.tell({ run, change });
    });
    return feed;
  }

  /** A run that can be followed no more: whoever asks again begins anew. */
  #drop(run: RunId, feed: RunFeed): void {
    const followed = this.#runs.get(run);
    if (followed?.feed !== feed) return;
    feed.dispose();
    followed.feed = null;
  }

  #release(run: RunId, followed: Followed): void {
    followed.holders -= 1;
    if (followed.holders > 0 || this.#runs.get(run) !== followed) return;
    followed.letGo = setTimeout(() => {
      if (this.#runs.get(run) === followed) this.#runs.delete(run);
      this.#end(followed);
    }, this.#lingerMs);
    followed.letGo.unref();
  }

  #end(followed: Followed): void {
    if (followed.letGo !== null) clearTimeout(followed.letGo);
    followed.feed?.dispose();
    followed.feed = null;
  }
}
