/** What a person may still ask of a run. The server refuses the rest; menus, panels and commands do not offer it. */
import type { RunConfig, RunState } from './run.ts';

/**
 * `work`: a fork, a crossover, a program of their own, an evaluation again; a run that is down does it when it is resumed.
 * `exclusion`: barring a candidate from search and selection, or taking that back.
 */
export type Wish = 'work' | 'exclusion';

export interface Steered {
  state: RunState;
  config: Pick<RunConfig, 'replayOf'>;
}

/** Null: the run takes the wish. */
export function whyNotTaken({ state, config }: Steered, wish: Wish): 'finished' | 'ending' | 'replay' | null {
  if (state === 'finished') return 'finished';
  if (wish === 'exclusion') return null;
  if (state === 'stopping') return 'ending';
  return config.replayOf === undefined ? null : 'replay';
}

export function takes(run: Steered, wish: Wish): boolean {
  return whyNotTaken(run, wish) === null;
}
