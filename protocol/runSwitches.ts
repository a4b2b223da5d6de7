/**
 * The switches of a run: the paper's ablations (§4.3), each of which takes one part of the method away. Recorded with the run
 * and shown wherever it is.
 */
import * as z from 'zod';

/**
 * Where candidates come from. `evolution`: parents sampled by rank (§3.1). `best-of-k`: every agent starts from nothing and
 * hears of nobody else, the paper's "No Evo". `random-drafts`: every agent starts from nothing, but is told what the others
 * try, so that it does something else; how they fared it is not told.
 */
export const SearchMode = z.enum(['evolution', 'best-of-k', 'random-drafts']);
export type SearchMode = z.infer<typeof SearchMode>;

/**
 * What an operator is. `react`: an agent that works in a sandbox until it submits (§3.4). `single-turn`: one answer of the
 * model is one whole program, which nobody has run before it is evaluated: the paper's "No Subagents" (§4.3.3).
 */
export const OperatorMode = z.enum(['react', 'single-turn']);
export type OperatorMode = z.infer<typeof OperatorMode>;

/**
 * Whose word counts in the search. `hidden`: scores on rows whose labels nobody but the scorer sees (§3.3). `self-reported`:
 * what a program says of itself decides who is a parent and who is selected, the paper's "No HCE" (§4.3.2).
 */
export const EvaluationMode = z.enum(['hidden', 'self-reported']);
export type EvaluationMode = z.infer<typeof EvaluationMode>;

export interface RunSwitches {
  search: SearchMode;
  operators: OperatorMode;
  evaluation: EvaluationMode;
}

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
