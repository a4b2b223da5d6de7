/** One line on what a candidate changed: read by people in the tree, and by the policy to learn which moves pay. */

/** `hist-gb: learning rate 0.08 → 0.05 (from #3)`; several moves are joined by semicolons. */
export function summaryOf(moves: readonly string[], parents: readonly number[]): string {
  const from = parents.length === 0 ? '' : ` (from ${parents.map((id) => `#${id}`).join(' and ')})`;
  return `${moves.join('; ')}${from}`.slice(0, 400);
}

/** The moves of a summary of this kind; empty for anything else. */
export function movesOf(summary: string): string[] {
  const match = /^(.*) \(from #\d+(?: and #\d+)?\)$/.exec(summary.trim());
  return match?.[1] === undefined ? [] : match[1].split('; ');
}

/** What a move is for the bandit: `add`, `drop`, `swap`, `learning rate`, …; members and values fall away. */
export function moveKind(move: string): string {
  const [, verb] = /^(add|drop|swap|blend|transplant|features) /.exec(move) ?? [];
  if (verb !== undefined) return verb;
  const [, gene] = /^(?:[a-z-]+(?: \d)?: )?(.+?) \S+ → \S+$/.exec(move) ?? [];
  return gene ?? move;
}

/** The move that undoes a step of a gene: `learning rate 0.05 → 0.08` for `learning rate 0.08 → 0.05`; null for other moves. */
export function reversed(move: string): string | null {
  const [, before, from, to] = /^(.* )?(\S+) → (\S+)$/.exec(move) ?? [];
  return from === undefined || to === undefined ? null : `${before ?? ''}${to} → ${from}`;
}
