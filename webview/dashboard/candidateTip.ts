/** What the pointer learns of a candidate. Words of models stand in it as text and as nothing else. */
import { html, nothing, type TemplateResult } from 'lit';
import { duration } from '../../protocol/duration.ts';
import type { Candidate } from '../../protocol/run.ts';
import { plainLine } from '../charts/plainLine.ts';
import { t } from '../frame/strings.ts';
import type { RunModel } from './runModel.ts';
import { gain, gainWord, originWord, outcomeWord, summaryLine } from './words.ts';

export function candidateTip(candidate: Candidate, model: RunModel): TemplateResult {
  const { id, endedAt, failure } = candidate;
  const line = summaryLine(candidate);
  return html`<div><strong>#${id}</strong> ${originWord(candidate)}</div>
    <div>${outcomeWord(candidate)} ${againstParent(candidate, model)}</div>
    ${failure === null ? nothing : html`<p class="muted">${plainLine(failure.message, 160)}</p>`}
    ${line === '' ? nothing : html`<p>${line}</p>`}
    <div class="muted">
      ${endedAt === null ? t('since {0}', duration(model.now() - candidate.createdAt)) : t('{0} after the start', duration(endedAt - model.summary.createdAt))}
    </div>`;
}

/** `0.0123 better than #4`: against the better of its parents. */
export function againstParent({ search, parents }: Candidate, model: RunModel): string {
  if (search === null) return '';
  let best: { id: number; difference: number } | null = null;
  for (const id of parents) {
    const score = model.candidate(id)?.search;
    if (score === undefined || score === null) continue;
    const difference = gain(search.value, score.value, model.summary);
    if (best === null || difference < best.difference) best = { id, difference };
  }
  return best === null ? '' : t('({0} than #{1})', gainWord(best.difference), best.id);
}
