/**
 * The switches of a run: the paper's ablations (§4.3), each of which takes one part of the method away. Recorded with the run
 * and shown wherever it is.
 */
import * as z from 'zod';

export { switchCaveats, switchesOf } from './switchWords.ts';

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
