/** What a run says to what a person wants of it: why it does not take it, or when it gets to it. */
import type { RunState, RunSummary } from '../../../protocol/run.ts';
import { type Wish, whyNotTaken } from '../../../protocol/steering.ts';
import { l10n } from '../localisation.ts';

/** Null: it does. */
export function refusalWords(run: Pick<RunSummary, 'state' | 'config'>, wish: Wish): string | null {
  const { task } = run.config;
  switch (whyNotTaken(run, wish)) {
    case null:
      return null;
    case 'finished':
      return wish === 'work'
        ? l10n.t(
            'The run on {0} has ended and its hidden scores are open: nothing can be added. Open Program shows its programs; a new run of the task goes on.',
            task,
          )
        : l10n.t(
            'The run on {0} has ended and made its selection: what is excluded cannot change any more. Pin the candidate that you prefer, or export it.',
            task,
          );
    case 'ending':
      return l10n.t('The search of the run on {0} is ending: nothing can be added. Start a new run of the task.', task);
    case 'replay':
      return l10n.t('The run on {0} replays a recording: nothing can be added to it.', task);
  }
}

/** @param state undefined: not known here */
export function whenServed(state: RunState | undefined): string {
  return state === 'paused' || state === 'interrupted'
    ? l10n.t('when the run is resumed')
    : l10n.t('as soon as a slot is free');
}
