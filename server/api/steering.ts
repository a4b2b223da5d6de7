/**
 * What a person can do to a run, whether it is live or down: the same wishes, checked in the same way, each an event in the
 * run's log before anybody hears of it. A live run heeds them at once, one that is down when it is taken up again.
 */
import type { Logger } from 'pino';
import type { BudgetExtension, CandidateId, RunSummary } from '../../protocol/run.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { Scorer } from '../evaluation/scorer.ts';
import { entryFile } from '../search/entryFile.ts';
import { isQueued, prepareRequest, RequestRefusedError, requestName, type Wish } from '../search/requests.ts';
import type { SteadyState } from '../search/steadyState.ts';
import { checkedExtension, checkedMarks, type Marks } from '../search/steeringChecks.ts';
import { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { RunUnsealing } from './runUnsealing.ts';
import { taskOfRun, taskToGoOnWith } from './taskOfRun.ts';

export interface SteeredRun {
  store: RunStore;
  /** null: the run is down. */
  search: Pick<SteadyState, 'pause' | 'unpause' | 'stop' | 'finish' | 'extend' | 'request'> | null;
  /** Asked for only where a wish needs to know it. */
  task: () => PreparedTask;
  /** Has hidden splits opened, with a scorer that lives at least as long. */
  unsealing: <T>(work: (unsealing: RunUnsealing) => Promise<T>) => Promise<T>;
}

/** Every method resolves when what it does is on disk. @throws {RequestRefusedError} in words for the person */
export class RunSteering {
  readonly #run: SteeredRun;
  /** Requests that are being asked for: the same one is not asked for twice at a time. */
  readonly #asking = new Map<string, Promise<void>>();

  constructor(run: SteeredRun) {
    this.#run = run;
  }

  /** No new assignments until `unpause`; agents at work finish what they do. Only of a live run. */
  pause(): Promise<void> {
    return this.#live().pause();
  }

  /** Only of a live run. */
  unpause(): Promise<void> {
    return this.#live().unpause();
  }

  /** Ends agents at once and selects. `now` gives up evaluations that are under way, too. Only of a live run. */
  stop({ now }: { now: boolean }): Promise<void> {
    return this.#live().stop('a person stopped it', { now });
  }

  /** Starts nothing new, lets agents at work come to their end, then selects. A run that is down does so when it is resumed. */
  async finish(): Promise<void> {
    const { store, search } = this.#run;
    const { id, state } = store.view.summary;
    const reason = 'a person had it finish';
    if (state === 'finished') throw new RequestRefusedError(`Run ${id} has ended already.`);
    if (search !== null) await search.finish(reason);
    else if (state !== 'stopping') await store.append({ type: 'run_stopping', reason, mode: 'finish' });
  }

  /** Adds to each bound that the run has. A live run goes on at once; one that had come to its end goes on when it is resumed. */
  async extend(by: BudgetExtension): Promise<void> {
    const { store, search } = this.#run;
    const granted = checkedExtension(store.view, by, { isLive: search !== null });
    if (search !== null) await search.extend(granted);
    else await store.append({ type: 'budget_extended', by: granted });
  }

  /** Pins or excludes a candidate, or takes such a mark away; what is absent stays as it is. */
  async mark(id: CandidateId, marks: Marks): Promise<void> {
    const event = checkedMarks(this.#run.store.view, id, marks);
    if (event !== null) await this.#run.store.append(event);
  }

  /** Opens validation and test scores of what has been scored so far, and marks the run for good. May take minutes. */
  unsealEarly(): Promise<void> {
    const { store, unsealing } = this.#run;
    const { id, state } = store.view.summary;
    if (state === 'finished') throw new RequestRefusedError(`Run ${id} has ended: its scores are open.`);
    return unsealing((run) => run.early());
  }

  /**
   * Has a candidate made or evaluated again, before the search's own work. Asked for again under the same operation, on
   * whatever server, it is queued once.
   * @returns the request's name
   */
  async ask(operation: string, wish: Wish): Promise<string> {
    const request = requestName(operation);
    const before = this.#asking.get(request) ?? Promise.resolve();
    const asked = before.then(() => this.#ask(request, wish));
    // The next one looks for itself what has come of it.
    const settled = asked.then(
      () => undefined,
      () => undefined,
    );
    this.#asking.set(request, settled);
    try {
      await asked;
    } finally {
      if (this.#asking.get(request) === settled) this.#asking.delete(request);
    }
    return request;
  }

  async #ask(request: string, wish: Wish): Promise<void> {
    const { store, search, task } = this.#run;
    if (isQueued(store, request, wish.kind)) return;
    // Only a submission needs to know what the task runs.
    const program = wish.kind === 'submit' ? entryFile(task().manifest.run.cmd) : null;
    const body = await prepareRequest(store, wish, { request, entryFile: program });
    if (search !== null) await search.request(request, body);
    else await store.append({ type: 'request_queued', request, body });
  }

  #live() {
    const { store, search } = this.#run;
    if (search !== null) return search;
    throw new RequestRefusedError(notLive(store.view.summary));
  }
}

/** Why a run that is down cannot be paused or stopped, and what can be done instead. */
export function notLive({ id, state }: Pick<RunSummary, 'id' | 'state'>): string {
  const instead = ` Take it up with \`aira2 runs resume ${id}\` first, or have it end with what it has: \`aira2 runs finish ${id}\`, then resume it.`;
  return `Run ${id} is not live (${state}).${state === 'finished' ? '' : instead}`;
}

/**
 * Steers a run that is down; nobody else can open it meanwhile.
 * @param venv of the scorer, and its log: for unsealing
 * @throws {LockedError} if it is live after all; as the methods of RunSteering
 */
export async function steerStored<T>(
  { home, run, venv, log }: { home: string; run: string; venv: () => string; log: () => Logger },
  act: (steering: RunSteering) => Promise<T>,
): Promise<T> {
  const store = await RunStore.open(home, run);
  try {
    await tellFoundDown(store);
    const steering = new RunSteering({
      store,
      search: null,
      task: () => taskOfRun(home, store.view.summary),
      unsealing: async (work) => {
        const task = taskToGoOnWith(home, store.view.summary);
        const scorer = await Scorer.start({ task, python: `${venv()}/bin/python`, log: log() });
        try {
          return await work(new RunUnsealing(store, new Evaluator({ task, scorer })));
        } finally {
          await scorer.close();
        }
      },
    });
    return await act(steering);
  } finally {
    await store.close();
  }
}

/** A server that was killed could not tell of it: else the time until now would count as the run's activity. */
async function tellFoundDown(store: RunStore): Promise<void> {
  if (store.view.activeSince !== null)
    await store.append({ type: 'run_interrupted', reason: 'its server ended without a word', found: true });
}
