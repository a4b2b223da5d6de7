/** Reads what the variants scored on held-out rows, and decides what to go on with. */
import * as z from 'zod';
import type { Direction } from '../../../protocol/task.ts';
import type { Genome } from './genome.ts';
import type { Idea } from './ideas.ts';
import { resultLines } from './transcript.ts';

const Screened = z.object({ variant: z.string(), scores: z.array(z.number()), seconds: z.number() });
export type Screened = z.infer<typeof Screened>;

/** Results by variant; one that failed, or scored no number, is not there. */
export function screenedIn(text: string): Map<string, Screened> {
  const results = new Map<string, Screened>();
  for (const line of resultLines(text)) {
    const parsed = Screened.safeParse(line);
    if (parsed.success && parsed.data.scores.length > 0) results.set(parsed.data.variant, parsed.data);
  }
  return results;
}

/** Output of one variant: from the end of the one before it to its own exit line. */
export function outputOf(text: string, variant: string): string {
  const end = text.indexOf(`AIRA-EXIT ${variant} `);
  if (end < 0) return text;
  const before = text.lastIndexOf('AIRA-EXIT ', end - 1);
  return text.slice(Math.max(before, 0), text.indexOf('\n', end) + 1 || text.length);
}

/** Mean score over the folds that both have: the same rows, so that the difference is the programs'. */
function meanOver(result: Screened, folds: number): number {
  const scores = result.scores.slice(0, folds);
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

export interface Verdict {
  /** Position among the ideas; null if all failed. */
  readonly best: number | null;
  /** Mean gain of each idea over the reference, positive is better; null where one of the two has no score. */
  readonly gains: readonly (number | null)[];
  /** `rmsle 0.0871 (parent 0.0876), …`, for the reason of the next turn. */
  readonly told: string;
}

export function judge(
  results: ReadonlyMap<string, Screened>,
  ideas: readonly Idea[],
  names: readonly string[],
  reference: string | null,
  direction: Direction,
): Verdict {
  const all = [...results.values()];
  const folds = Math.min(...all.map(({ scores }) => scores.length));
  const sign = direction === 'minimize' ? -1 : 1;
  const values = names.map((name) => {
    const result = results.get(name);
    return result === undefined ? null : meanOver(result, folds);
  });
  const own = reference === null ? undefined : results.get(reference);
  const compared = own === undefined ? null : meanOver(own, folds);
  let best: number | null = null;
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const leader = best === null ? null : (values[best] ?? null);
    if (leader === null || sign * value > sign * leader) best = index;
  }
  const parts = ideas.map((idea, index) => `${idea.label}: ${values[index]?.toFixed(5) ?? 'failed'}`);
  return {
    best,
    gains: values.map((value) => (value === null || compared === null ? null : sign * (value - compared))),
    told: [...(compared === null ? [] : [`parent: ${compared.toFixed(5)}`]), ...parts].join('; '),
  };
}

/** Both changes of one genome together; null where they touch the same thing. */
export function merged(base: Genome, a: Genome, b: Genome): Genome | null {
  const program = { ...a.program };
  for (const [name, value] of Object.entries(b.program)) {
    if (value === base.program[name]) continue;
    if (a.program[name] !== base.program[name]) return null;
    program[name] = value;
  }
  if (a.members.length < base.members.length || b.members.length < base.members.length) return null;
  const members = [...a.members];
  for (const [position, member] of b.members.entries()) {
    const before = base.members[position];
    if (before === undefined) {
      members.push(member);
      continue;
    }
    if (JSON.stringify(before) === JSON.stringify(member)) continue;
    const other = a.members[position];
    if (before.family !== member.family || other === undefined || other.family !== member.family) return null;
    const genes = { ...other.genes };
    for (const [name, value] of Object.entries(member.genes)) {
      if (value === before.genes[name]) continue;
      if (other.genes[name] !== before.genes[name]) return null;
      genes[name] = value;
    }
    members[position] = { ...other, genes };
  }
  const [first, ...rest] = members;
  return first === undefined || members.length > 4 ? null : { ...base, program, members: [first, ...rest] };
}
