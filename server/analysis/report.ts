/** The honest account of a run: what was selected and how well it does on rows that nothing saw, with errors and caveats. */
import * as z from 'zod';
import { CostEstimate } from '../../protocol/cost.ts';
import { duration } from '../../protocol/duration.ts';
import { printableText } from '../../protocol/printableText.ts';
import type { RunView } from '../../protocol/projection.ts';
import { Candidate, PersonRequest, RunSummary, type Score } from '../../protocol/run.ts';
import { switchesOf } from '../../protocol/runSwitches.ts';
import { formatScore, formatScoreWithError, isBetter } from '../../protocol/score.ts';
import { isSealed } from '../../protocol/sealed.ts';
import type { TaskManifest } from '../../protocol/task.ts';
import { bestWords, stagnationWords } from './bestSoFar.ts';
import { estimateWords, measuredEstimate, spendingLines } from './costEstimate.ts';
import { inertWords } from './inertWords.ts';
import { requestWords } from './requestWords.ts';

export const RunReport = z.object({
  run: RunSummary,
  task: z.object({ id: z.string(), title: z.string(), version: z.int() }),
  selected: Candidate.nullable(),
  /** The candidate that leads by search score: where it differs from the selected one, its lead did not hold. */
  bestBySearch: Candidate.nullable(),
  /** Search minus test score of the selected candidate, signed so that positive means "looked better than it is". */
  optimism: z.number().nullable(),
  baselines: z.array(z.object({ name: z.string(), score: z.number(), how: z.string().optional() })),
  /** Share of the way from the naive to the strong baseline that the selected test score covers; null without them. */
  shareOfWay: z.number().nullable(),
  ranking: z.array(Candidate),
  failures: z.array(Candidate),
  /** What a person has asked for and not got: it waits (in a run that has not ended), came too late, or could not be served. */
  unserved: z.array(z.object({ body: PersonRequest, reason: z.string() })),
  /** By what the run's own candidates took; null where none called a model. */
  estimate: CostEstimate.nullable(),
});
export type RunReport = z.infer<typeof RunReport>;

export function runReport(view: RunView, manifest: TaskManifest): RunReport {
  const { summary } = view;
  const candidates = [...view.candidates.values()];
  const selected = summary.selected === null ? null : (view.candidates.get(summary.selected) ?? null);
  const best = summary.bestSearch === null ? null : (view.candidates.get(summary.bestSearch.candidate) ?? null);
  const { baselines } = manifest.reference;
  return {
    run: summary,
    task: { id: manifest.id, title: manifest.title, version: manifest.version },
    selected,
    bestBySearch: best,
    optimism: optimism(selected, manifest.metric.direction),
    baselines,
    shareOfWay: shareOfWay(selected?.test ?? null, baselines),
    ranking: candidates
      .filter((candidate) => candidate.state === 'scored')
      .sort((a, b) => compareBy(key(a), key(b), manifest.metric.direction)),
    failures: candidates.filter((candidate) => candidate.state === 'failed'),
    unserved: unserved(view),
    estimate: measuredEstimate(view),
  };
}

function unserved({ summary, dropped, pending }: RunView): RunReport['unserved'] {
  const reason = summary.state === 'finished' ? 'the search ended before' : 'it waits';
  return [...dropped, ...pending.map((one) => ({ ...one, reason }))].map(({ body, reason: why }) => ({
    body,
    reason: why,
  }));
}

/** Validation decides; before unsealing, and where programs report their own scores, there is only the search score. */
function key(candidate: Candidate): number {
  const { search, validation } = candidate;
  return (search?.selfReported === true ? search : (validation ?? search))?.value ?? Number.NaN;
}

function compareBy(a: number, b: number, direction: TaskManifest['metric']['direction']): number {
  if (a === b) return 0;
  return isBetter(a, b, direction) ? -1 : 1;
}

function optimism(candidate: Candidate | null, direction: TaskManifest['metric']['direction']): number | null {
  if (candidate?.search == null || candidate.test === null) return null;
  const gap = candidate.search.value - candidate.test.value;
  return direction === 'maximize' ? gap : -gap;
}

function shareOfWay(test: Score | null, baselines: RunReport['baselines']): number | null {
  const naive = baselines.find((baseline) => baseline.name === 'naive');
  const strong = baselines.find((baseline) => baseline.name === 'strong');
  if (test === null || naive === undefined || strong === undefined || naive.score === strong.score) return null;
  return (test.value - naive.score) / (strong.score - naive.score);
}

export function renderReport(report: RunReport): string {
  const { run, selected } = report;
  const { config } = run;
  const arrow = run.metric.direction === 'minimize' ? 'lower is better' : 'higher is better';
  const lines = [
    `# Run ${run.id}`,
    '',
    `Task **${inertWords(report.task.title)}** (${report.task.id}@${report.task.version}), metric ${inertWords(run.metric.name)}, ${arrow}.`,
    `Model: ${inertWords(config.model)}${config.model === 'heuristic' ? ' (built-in heuristic, no language model)' : ''}. ${config.workers} workers × ${config.agentsPerSlot} agents, temperature ${config.temperature}, crossover ${config.crossover}, seed ${config.seed}.`,
    `${run.counts.created} candidates: ${run.counts.scored} scored, ${run.counts.failed} failed, ${run.counts.abandoned} abandoned, in ${duration(run.activeMs)}.${run.endReason === null ? '' : ` The search ended: ${inertWords(run.endReason.replace(/\.$/, ''), 300)}.`}`,
    ...searchLines(run),
    '',
  ];
  if (run.caveats.length > 0)
    lines.push('## Read this first', '', ...run.caveats.map((caveat) => `- ${inertWords(caveat, 500)}`), '');
  lines.push(
    ...selectionSection(report, selected),
    ...rankingSection(report),
    ...failureSection(report),
    ...personSection(report),
    ...costSection(report),
  );
  return `${printableText(lines.join('\n')).trimEnd()}\n`;
}

function selectionSection(report: RunReport, selected: Candidate | null): string[] {
  const { run } = report;
  if (!run.unsealed) return ['## Result', '', 'The search has not ended: validation and test scores are sealed.', ''];
  if (selected === null && run.state !== 'finished')
    return ['## Result', '', 'The search has not ended: nothing is selected yet. Scores were unsealed early.', ''];
  if (selected === null) return ['## Result', '', 'No candidate could be selected: none has a validation score.', ''];
  const lines = [
    '## Selected program',
    '',
    `**#${selected.id}** ${inertWords(selected.summary)}`,
    '',
    '| split | what it decided | score |',
    '| --- | --- | --- |',
    ...decisionRows(selected),
    `| test | nothing: the figure to believe | **${show(selected.test)}** |`,
    '',
    "The error is one bootstrap standard error. Search scores of a search's winners are optimistic, validation scores of the selected one a little too; test decided nothing.",
    '',
  ];
  if (report.baselines.length > 0) {
    const { direction } = run.metric;
    lines.push(
      'Against reference programs, measured on the same test rows:',
      '',
      '| reference | score | selected is |',
      '| --- | --- | --- |',
    );
    for (const baseline of report.baselines) {
      const test = selected.test?.value;
      const verdict =
        test === undefined ? 'unknown' : isBetter(test, baseline.score, direction) ? 'better' : 'not better';
      lines.push(
        `| ${inertWords(baseline.name)}${baseline.how === undefined ? '' : ` (${inertWords(baseline.how)})`} | ${formatScore(baseline.score)} | ${verdict} |`,
      );
    }
    lines.push('');
    if (report.shareOfWay !== null)
      lines.push(`It covers ${(report.shareOfWay * 100).toFixed(0)} % of the way from naive to strong.`, '');
  }
  if (selected.autosubmitted === true)
    lines.push(
      'Its agent ended without submitting. The engine submitted the last program that it had seen run to its end in the sandbox.',
      '',
    );
  if (selected.suspiciouslyPerfect) lines.push('**Its score is perfect. Look for a leak before you believe it.**', '');
  const best = report.bestBySearch;
  if (best !== null && best.id !== selected.id)
    lines.push(
      `By search score #${best.id} led (search ${show(best.search)}, validation ${show(best.validation)}, test ${show(best.test)}).`,
      '',
    );
  lines.push(`Lineage: ${lineage(selected, report)}`, '');
  return lines;
}

/** Which score decided what. */
function decisionRows(selected: Candidate): string[] {
  if (selected.search?.selfReported !== true)
    return [
      `| search | who became a parent | ${show(selected.search)} |`,
      `| validation | which candidate is selected | ${show(selected.validation)} |`,
    ];
  return [
    `| none: its own word | who became a parent, and which candidate is selected | ${show(selected.search)} |`,
    `| search | nothing, computed at the end | ${show(selected.hiddenSearch ?? null)} |`,
    `| validation | nothing, computed at the end | ${show(selected.validation)} |`,
  ];
}

/** What was switched off, how sure the lead is, and what was nearly made twice. */
function searchLines(run: RunSummary): string[] {
  const switches = switchesOf(run.config);
  const since = stagnationWords(run);
  const { told, submitted } = run.nearDuplicates;
  return [
    ...(switches.length === 0 ? [] : [`**Switches: ${switches.join(', ')}.**`]),
    ...(run.bestSearch === null
      ? []
      : [`Best by search score: ${bestWords(run)}${since === null ? '' : `; ${since}`}.`]),
    ...(told + submitted === 0
      ? []
      : [`Near-duplicates: ${told} agents were told of one, ${submitted} such programs came in all the same.`]),
  ];
}

/** A report is read: the best and the first say what there is to say. */
const mostRows = 50;

/** What was left out of a table, and where it is. */
function leftOut({ run }: RunReport, count: number, what: string): string[] {
  if (count <= mostRows) return [];
  return [`${count - mostRows} more ${what}: \`aira2 runs candidates ${run.id}\` lists all.`, ''];
}

function rankingSection(report: RunReport): string[] {
  if (report.ranking.length === 0) return [];
  const rows = report.ranking.slice(0, mostRows).map((candidate) => {
    const parents = candidate.parents.map((id) => `#${id}`).join(' × ');
    const validation = isSealed(candidate, report.run) ? 'sealed' : show(candidate.validation);
    const test = isSealed(candidate, report.run) ? 'sealed' : show(candidate.test);
    const how = [
      ...(candidate.autosubmitted === true ? [', autosubmitted'] : []),
      ...(candidate.excluded === true ? [', excluded'] : []),
      ...(candidate.pinned === true ? [', pinned'] : []),
    ].join('');
    return `| #${candidate.id} | ${candidate.operator}${parents === '' ? '' : ` of ${parents}`}${how} | ${show(candidate.search)} | ${validation} | ${test} | ${inertWords(candidate.summary)} |`;
  });
  return [
    '## Candidates',
    '',
    '| | made by | search | validation | test | what |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...leftOut(report, report.ranking.length, 'were scored'),
  ];
}

function failureSection(report: RunReport): string[] {
  if (report.failures.length === 0) return [];
  const lines = report.failures.slice(0, mostRows).map((candidate) => {
    const { failure } = candidate;
    return `- #${candidate.id} (${candidate.operator}): ${failure?.kind ?? 'unknown'}: ${inertWords(failure?.message ?? '')}`;
  });
  return ['## Failures', '', ...lines, '', ...leftOut(report, report.failures.length, 'failed')];
}

/** What a person did to the course of the search, and what was not done. */
function personSection({ ranking, failures, unserved }: RunReport): string[] {
  const excluded = [...ranking, ...failures].filter((candidate) => candidate.excluded === true).map(({ id }) => id);
  const repeated = ranking.filter(({ repeats }) => repeats !== undefined);
  const lines = [
    ...(excluded.length === 0
      ? []
      : [
          `Excluded by a person, so neither parents afterwards nor selected: ${excluded
            .sort((a, b) => a - b)
            .map((id) => `#${id}`)
            .join(', ')}.`,
        ]),
    ...repeated.map(
      ({ id, search, repeats = [] }) =>
        `#${id} scored ${show(search)} on the search split; run again with other seeds: ${repeats
          .map(({ search: again, failure }) =>
            again === null ? (failure?.kind ?? 'failed') : formatScore(again.value),
          )
          .join(', ')}.`,
    ),
    ...unserved.map(({ body, reason }) => `Not served (${inertWords(reason)}): ${inertWords(requestWords(body))}`),
  ];
  return lines.length === 0 ? [] : ["## A person's part", '', ...lines.map((line) => `- ${line}`), ''];
}

function costSection({ run, estimate }: RunReport): string[] {
  const lines = spendingLines(run);
  if (lines.length === 0) return [];
  const words = estimate === null ? [] : [`a run like this: ${estimateWords(estimate)}`];
  const before = run.estimate === undefined ? [] : [`estimated before the start: ${estimateWords(run.estimate)}`];
  return ['## Cost', '', ...[...lines, ...words, ...before].map((line) => `- ${line}`), ''];
}

function lineage(selected: Candidate, report: RunReport): string {
  const byId = new Map([...report.ranking, ...report.failures].map((candidate) => [candidate.id, candidate]));
  const steps: string[] = [];
  const seen = new Set<number>();
  for (let at: Candidate | undefined = selected; at !== undefined && !seen.has(at.id); ) {
    seen.add(at.id);
    const others = at.parents.slice(1).map((id) => ` × #${id}`);
    steps.push(`#${at.id} (${at.operator}${others.join('')}, search ${show(at.search)})`);
    const parent: number | undefined = at.parents[0];
    at = parent === undefined ? undefined : byId.get(parent);
  }
  return steps.join(' ← ');
}

const show = (score: Score | null) => (score === null ? 'none' : formatScoreWithError(score));
