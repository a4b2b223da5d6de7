/** The comparison as the specification of a chart. */
import { html, nothing, type TemplateResult } from 'lit';
import { duration } from '../../protocol/duration.ts';
import { formatScore } from '../../protocol/score.ts';
import type { ChartSeries, ChartSpec } from '../charts/lineChart.ts';
import { seriesDashes } from '../charts/lineChart.ts';
import { plainLine } from '../charts/plainLine.ts';
import { durationTicks, linearTicks } from '../charts/ticks.ts';
import { t } from '../frame/strings.ts';
import { candidatesWord } from '../text/counts.ts';
import type { Band, StepCurve } from './bands.ts';
import { type CompareOptions, type Comparison, type GroupCurves, joined } from './comparison.ts';

export function comparisonChart(made: Comparison, { over, single }: CompareOptions): ChartSpec {
  const { scale, groups } = made;
  const tables: { at: number[]; values: number[][] }[] = [];
  const plan: Omit<ChartSeries, 'values'>[] = [];
  const bands: [number, number][] = [];
  const toCoordinates = (scores: readonly number[]) => scores.map(scale.coordinate);
  for (const [index, { band, curves, group }] of groups.entries()) {
    const dash = seriesDashes[index % seriesDashes.length] ?? [];
    if (band !== null && band.runs > 1) {
      bands.push([plan.length, plan.length + 1]);
      tables.push({ at: band.at, values: [toCoordinates(band.better), toCoordinates(band.worse)] });
      for (const label of ['better', 'worse']) plan.push({ label, color: index, form: 'steps', width: 0, edge: true });
    }
    if (single || band === null)
      for (const curve of curves) {
        tables.push(lengthened(curve, toCoordinates));
        plan.push({ label: group.label, color: index, form: 'steps', width: 0.6 });
      }
    if (band === null) continue;
    tables.push({ at: band.at, values: [toCoordinates(band.middle)] });
    plan.push({ label: group.label, color: index, form: 'steps', width: 2, dash });
  }
  const { at, columns } = joined(tables);
  const values = columns.flat();
  return {
    x: at,
    series: plan.map((series, index) => ({ ...series, values: values[index] ?? [] })),
    bands,
    xDomain: made.across,
    yDomain: made.domain,
    xTicks: ({ from, to }, count) =>
      over === 'time'
        ? durationTicks(from, to, count)
        : linearTicks(from, to, count).filter(({ position }) => Number.isInteger(position)),
    yTicks: (range, count) => scale.ticks(range, count),
    lines: made.references.map(({ coordinate, name, kind }) => ({
      position: coordinate,
      label: plainLine(name, 40),
      kind,
    })),
    tooltip: (index) => tip(groups, at[index] ?? 0, over),
  };
}

/** With its last step held up to where the run is. */
function lengthened(curve: StepCurve, toCoordinates: (scores: readonly number[]) => number[]) {
  const last = curve.score.at(-1);
  if (last === undefined) return { at: [], values: [[]] };
  return { at: [...curve.at, curve.until], values: [toCoordinates([...curve.score, last])] };
}

function tip(groups: readonly GroupCurves[], at: number, over: CompareOptions['over']): TemplateResult {
  const place = over === 'time' ? t('after {0}', duration(at)) : t('after {0}', candidatesWord(at));
  return html`<div class="muted">${place}</div>
    ${groups.map(({ group, band }) => {
      const index = band === null ? -1 : band.at.findLastIndex((place) => place <= at);
      return band === null || index < 0 ? nothing : html`<div>${group.label}: ${bandWords(band, index)}</div>`;
    })}`;
}

function bandWords({ middle, better, worse, runs }: Band, index: number): string {
  const centre = formatScore(middle[index] ?? Number.NaN);
  if (runs === 1) return centre;
  return `${centre} (${formatScore(better[index] ?? Number.NaN)} … ${formatScore(worse[index] ?? Number.NaN)})`;
}
