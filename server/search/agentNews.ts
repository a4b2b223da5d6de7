/** Tells the run what its agents say while they are at work: ideas, and near-duplicates. No agent waits for that. */
import type { CandidateId } from '../../protocol/run.ts';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { statedIdea } from '../agent/peers.ts';
import type { RunStore } from '../store/runStore.ts';

export class AgentNews {
  readonly #store: Pick<RunStore, 'view' | 'append'>;
  readonly #id: CandidateId;
  #hasIdea: boolean;
  readonly #telling: Promise<unknown>[] = [];

  constructor(store: Pick<RunStore, 'view' | 'append'>, id: CandidateId) {
    this.#store = store;
    this.#id = id;
    this.#hasIdea = store.view.candidates.get(id)?.idea !== undefined;
  }

  /** @param events the trajectory with `event`, which is on disk */
  pass(event: TrajectoryEvent, events: readonly TrajectoryEvent[]): void {
    const id = this.#id;
    if (event.type === 'near_duplicate')
      this.#tell(this.#store.append({ type: 'candidate_near_duplicate', id, duplicate: event.duplicate }));
    if (event.type !== 'model' || this.#hasIdea) return;
    const idea = statedIdea(events);
    if (idea === null) return;
    this.#hasIdea = true;
    this.#tell(this.#store.append({ type: 'candidate_idea', id, idea }));
  }

  /** Resolves when all that was passed on is on disk. @throws what telling it has thrown */
  async settled(): Promise<void> {
    await Promise.all(this.#telling);
  }

  #tell(telling: Promise<unknown>): void {
    // Told by `settled`; nobody waits for it before.
    telling.catch(() => undefined);
    this.#telling.push(telling);
  }
}
