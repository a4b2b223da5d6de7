/** A run's switches as people read them. Apart from the schemas, so that a webview can have it without zod. */
import type { RunSwitches } from './runSwitches.ts';

/** What differs from the whole method, in a word each; empty for most runs. */
export function switchesOf({ search, operators, evaluation }: RunSwitches): string[] {
  return [
    ...(search === 'evolution' ? [] : [search]),
    ...(operators === 'react' ? [] : [operators]),
    ...(evaluation === 'hidden' ? [] : [evaluation]),
  ];
}

/** The same for a reader who has to judge the run, a sentence each. */
export function switchCaveats({ search, operators, evaluation }: RunSwitches): string[] {
  const caveats: string[] = [];
  if (evaluation === 'self-reported')
    caveats.push(
      'self-reported evaluation: programs were compared, and one was selected, by what they say of themselves; hidden scores were computed at the end, for the report only',
    );
  if (search === 'best-of-k') caveats.push('best-of-k: no evolution, every agent started from nothing and on its own');
  if (search === 'random-drafts') caveats.push('random drafts: no evolution, every agent started from nothing');
  if (operators === 'single-turn')
    caveats.push('single-turn operators: every program is one answer of the model, not run before its evaluation');
  return caveats;
}
