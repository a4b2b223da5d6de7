/** Learns from the population's own history which kinds of moves pay on this task. */
import type { Direction } from '../../../protocol/task.ts';
import type { AttemptLine, OperatorContext } from '../operatorContext.ts';
import { moveKind, movesOf } from './summary.ts';

/** How strongly experience speaks: e^(this × mean reward). Rewards lie in [-2, 2]. */
const trust = 0.6;
/** Pseudo-observations of reward 0 for every kind, so that one lucky try does not rule. */
const prior = 2;

/** Mean reward per kind of move; unknown kinds have none. */
export function rewardsOf(context: OperatorContext): Map<string, number> {
  const lines = new Map<number, AttemptLine>();
  for (const line of [...context.lineage, ...context.siblings, ...context.leaders]) lines.set(line.id, line);
  const scores = new Map<number, number>();
  for (const line of lines.values()) if (line.score !== null) scores.set(line.id, line.score);
  for (const parent of context.parents) if (parent.score !== null) scores.set(parent.id, parent.score);
  const unit = noiseOf(context, [...scores.values()]);

  const sums = new Map<string, { total: number; count: number }>();
  for (const line of lines.values()) {
    const reward = rewardOf(line, scores, unit, context.task.metric.direction);
    if (reward === null) continue;
    for (const move of movesOf(line.summary)) {
      const kind = moveKind(move);
      const { total, count } = sums.get(kind) ?? { total: 0, count: 0 };
      sums.set(kind, { total: total + reward, count: count + 1 });
    }
  }
  return new Map([...sums].map(([kind, { total, count }]) => [kind, total / (count + prior)]));
}

/** How much more or less often a kind of move should be tried. */
export function preference(rewards: ReadonlyMap<string, number>, move: string): number {
  return Math.exp(trust * (rewards.get(moveKind(move)) ?? 0));
}

/** What counts as a difference: a quarter of the score's standard error, for children share most of their parent's errors. */
function noiseOf(context: OperatorContext, scores: readonly number[]): number {
  const error = context.parents[0]?.standardError ?? 0;
  const spread = scores.length > 1 ? Math.max(...scores) - Math.min(...scores) : 0;
  return Math.max(error / 4, spread / 50, 1e-9);
}

function rewardOf(
  line: AttemptLine,
  scores: ReadonlyMap<number, number>,
  unit: number,
  direction: Direction,
): number | null {
  if (line.state === 'failed') return -1;
  const before = line.parents.map((id) => scores.get(id)).filter((score) => score !== undefined);
  if (line.score === null || before.length === 0) return null;
  const best = direction === 'minimize' ? Math.min(...before) : Math.max(...before);
  const gain = direction === 'minimize' ? best - line.score : line.score - best;
  return Math.max(-2, Math.min(2, gain / unit));
}
