/** What a run with these settings would be: how long, on what, and for how much. */
import { html, type TemplateResult } from 'lit';
import { formatTokens, formatUsd } from '../../protocol/amounts.ts';
import type { RunSettings } from '../../protocol/client.ts';
import type { CostEstimate, Price } from '../../protocol/cost.ts';
import type { RunPlan } from '../../protocol/panels.ts';
import { t } from '../frame/strings.ts';
import { candidatesWord, gpuHoursWord, hoursWord } from '../text/counts.ts';
import { visibleText } from '../text/visibleText.ts';

export function planView({ settings, estimate, price, modelLabel, warnings }: RunPlan): TemplateResult {
  return html`<dl>
      <dt>${t('Model')}</dt>
      <dd>${visibleText(modelLabel)}</dd>
      <dt>${t('Ends after')}</dt>
      <dd>${endWords(settings)}</dd>
      <dt>${t('Runs on')}</dt>
      <dd>${machineWords(settings)}</dd>
      <dt>${t('Cost')}</dt>
      <dd>${costView(estimate, price)}</dd>
    </dl>
    ${warnings.map(
      (warning) =>
        html`<div class="warning"><ar-icon name="warning"></ar-icon><span>${visibleText(warning)}</span></div>`,
    )}`;
}

/** Whatever of these comes first. */
function endWords({ candidates, hours, budget = {} }: RunSettings): string {
  const ends = [
    ...(candidates === undefined ? [] : [candidatesWord(candidates)]),
    ...(hours === undefined ? [] : [hoursWord(hours)]),
    ...(budget.costUsd === undefined ? [] : [formatUsd(budget.costUsd)]),
    ...(budget.tokens === undefined ? [] : [t('{0} tokens', formatTokens(budget.tokens))]),
    ...(budget.gpuHours === undefined ? [] : [gpuHoursWord(budget.gpuHours)]),
  ];
  if (ends.length === 0) return t('your own word: nothing bounds it');
  return ends.length === 1 ? (ends[0] ?? '') : t('{0}, whichever comes first', ends.join(', '));
}

function machineWords({ workers = 1, agentsPerSlot = 1, sandbox }: RunSettings): string {
  const slots = workers === 1 ? t('1 worker') : t('{0} workers', workers);
  const agents = agentsPerSlot === 1 ? '' : ` × ${t('{0} agents', agentsPerSlot)}`;
  const inside = sandbox === undefined ? '' : sandbox === 'none' ? `, ${t('without a sandbox')}` : `, ${sandbox}`;
  return `${slots}${agents}${inside}`;
}

function costView(estimate: CostEstimate | null, price: Price | null): TemplateResult {
  if (estimate === null) return html`${t('none: no language model is called')}`;
  const { candidate, run, because } = estimate;
  const total =
    run.costUsd !== null
      ? t('about {0}', formatUsd(run.costUsd))
      : run.tokens !== null
        ? t('about {0} tokens', formatTokens(run.tokens))
        : t('as much as fits into its time');
  const each =
    candidate.costUsd !== null
      ? t('{0} for each candidate', formatUsd(candidate.costUsd))
      : t('{0} tokens for each candidate', formatTokens(candidate.tokens));
  return html`<strong>${total}</strong>
    <div class="small">${each}</div>
    <div class="small">${visibleText(because)}</div>
    <div class="small">
      ${
        price === null
          ? t('This model has no known price: give one, or a budget in tokens.')
          : t('Price by {0}, as of {1}', visibleText(price.source), visibleText(price.asOf))
      }
    </div>`;
}
