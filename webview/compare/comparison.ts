/** What the comparison draws: the groups of seeds as curves with bands, their runs as thin lines, on one axis for all. */
import type { ReferenceLine } from '../../protocol/panels.ts';
import { type Range, type ScoreMode, type ScoreScale, scoreDomain, scoreScale } from '../charts/scoreScale.ts';
import { type Band, band, bestCurve, type Middle, type Over, type Spread, type StepCurve } from './bands.ts';
import type { SeedGroup } from './seedGroups.ts';

export interface CompareOptions {
  over: Over;
  middle: Middle;
  spread: Spread;
  scoreMode: ScoreMode;
  /** Every run as a thin line of its own. */
  single: boolean;
}

export interface GroupCurves {
  group: SeedGroup;
  curves: StepCurve[];
  /** null: one of its runs has no score yet. */
  band: Band | null;
}

export interface Comparison {
  scale: ScoreScale;
  groups: GroupCurves[];
  across: Range;
  domain: Range;
  references: (ReferenceLine & { coordinate: number })[];
}

/** @param groups of at least one run each, all of one task */
export function comparison(
  groups: readonly SeedGroup[],
  references: readonly ReferenceLine[],
  { over, middle, spread, scoreMode }: CompareOptions,
): Comparison {
  const direction = groups[0]?.runs[0]?.summary.metric.direction ?? 'minimize';
  const curves = groups.map((group) => group.runs.map((run) => bestCurve(run, over)));
  const scores = curves.flatMap((own) => own.flatMap(({ score }) => score));
  const scale = scoreScale(direction, scoreMode, [...scores, ...references.map(({ score }) => score)]);
  const placed = references.map((line) => ({ ...line, coordinate: scale.coordinate(line.score) }));
  const last = curves.flat().reduce((most, { until }) => Math.max(most, until), 0);
  return {
    scale,
    groups: groups.map((group, index) => {
      const own = curves[index] ?? [];
      return { group, curves: own, band: band(own, direction, middle, spread) };
    }),
    across: { from: 0, to: Math.max(last, over === 'time' ? 1000 : 1) * 1.01 },
    domain: scoreDomain(scores.map(scale.coordinate), {
      clip: true,
      references: placed.map(({ coordinate }) => coordinate),
    }),
    references: placed,
  };
}

/** One axis for curves that step at different places: `tables` put side by side, with gaps where one has nothing. */
export function joined(tables: readonly { at: readonly number[]; values: readonly (readonly number[])[] }[]): {
  at: number[];
  columns: (number | null)[][][];
} {
  const at = [...new Set(tables.flatMap((table) => table.at))].sort((a, b) => a - b);
  const place = new Map(at.map((value, index) => [value, index]));
  const columns = tables.map((table) =>
    table.values.map((values) => {
      const column: (number | null)[] = new Array(at.length).fill(null);
      for (const [index, value] of table.at.entries()) column[place.get(value) ?? -1] = values[index] ?? null;
      return column;
    }),
  );
  return { at, columns };
}
