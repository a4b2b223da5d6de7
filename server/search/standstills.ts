/**
 * Time in which the process stood still: the machine slept, somebody had stopped the process, or the clock was set forward.
 * Work is measured by the times of events, so a log that stood still with the process says so itself, before anything that
 * came after it.
 */
import type { Logger } from 'pino';
import { stepsOf } from '../agent/transcript.ts';
import type { TrajectoryLog } from '../models/budget/trajectoryAccount.ts';
import type { RunStore } from '../store/runStore.ts';

const lookEveryMs = 5_000;
/** A look that comes no later than this is late because there was much to do. */
const toleranceMs = 30_000;

/** @param ms that nobody was at work @param at when they had ended, in milliseconds since the epoch */
type StandstillListener = (ms: number, at: number) => void;

/** A clock that tells of its own standstills. Its owner stops it. */
export class Standstills {
  readonly #clock: () => number;
  readonly #listeners = new Set<StandstillListener>();
  readonly #ticker: NodeJS.Timeout;
  #last: number;

  /** @param clock milliseconds since the epoch; it may be set back, too */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
    this.#last = clock();
    this.#ticker = setInterval(this.now, lookEveryMs).unref();
  }

  /** Milliseconds since the epoch. Who listens has been told by then of a standstill before it. */
  readonly now = (): number => {
    const at = this.#clock();
    const ms = at - this.#last - lookEveryMs;
    this.#last = at;
    if (ms > toleranceMs) for (const listener of [...this.#listeners]) listener(ms, at);
    return at;
  };

  /** @returns how to stop listening */
  listen(listener: StandstillListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Nobody is told any more; it goes on as a clock. */
  stop(): void {
    clearInterval(this.#ticker);
    this.#listeners.clear();
  }
}

/** Has an agent's trajectory say when it stood still, while it is open. @returns how to stop that */
export function tellTrajectory(standstills: Standstills, log: TrajectoryLog): () => void {
  return standstills.listen((parkedMs, at) => {
    const last = log.events.at(-1);
    if (last === undefined || last.type === 'ended') return;
    const written = log.append({ type: 'stood_still', at, step: stepsOf(log.events), parkedMs });
    // Nobody acts on it alone, and what comes next is written behind it: if this fails, so does that.
    written.catch(() => undefined);
  });
}

/**
 * Has a run's log say when it stood still, and be dated by this clock.
 * @returns the clock that the run's own time is taken by: less what the view does not know of yet
 */
export function tellRun(standstills: Standstills, store: RunStore, log: Logger): () => number {
  let untoldMs = 0;
  store.dateBy(standstills.now);
  store.subscribe(store.view.lastSeq, ({ body }) => {
    if (body.type === 'stood_still') untoldMs -= body.ms;
  });
  standstills.listen((ms) => {
    if (store.view.summary.state === 'finished') return;
    log.warn({ ms }, 'the process stood still');
    untoldMs += ms;
    store
      .append({ type: 'stood_still', ms })
      .catch((error: unknown) => log.error({ err: error }, 'a standstill was not stored'));
  });
  return () => {
    // A look at the clock may tell of a standstill.
    const now = standstills.now();
    return now - untoldMs;
  };
}
