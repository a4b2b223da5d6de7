/** Settings that most runs leave alone: the search's own, bounds of each candidate, rates, and the paper's ablations. */
import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../frame/strings.ts';
import type { ArEvent } from '../ui/element.ts';
import type { Form, NumberField } from './form.ts';

/** What a part of the form needs of the whole. */
export interface FormContext {
  form: Form;
  change(changes: Partial<Form>): void;
  number(field: NumberField, label: string, options?: { unit?: string; description?: string }): TemplateResult;
}

export function advancedView({ form, change, number }: FormContext): TemplateResult {
  const choose = (field: 'search' | 'operators' | 'evaluation') => (event: ArEvent<string>) =>
    change({ [field]: event.detail.value });
  return html`<div class="stack">
    <div class="grid">
      ${number('seed', t('Seed'))}
      ${number('temperature', t('Temperature'), { description: t('Of sampling parents by rank: lower prefers the best.') })}
      ${number('crossover', t('Crossover'), { description: t('Share of children of two parents, 0 to 1.') })}
      ${number('drafts', t('First drafts'), { description: t('Agents that start from nothing before sampling begins.') })}
      ${number('agentsPerSlot', t('Agents for each slot'), { description: t('They take turns on it.') })}
      ${number('maxSteps', t('Steps of an agent'), { description: t('At most.') })}
    </div>
    <h3>${t('Bounds of each candidate')}</h3>
    <div class="grid">
      ${number('candidateCostUsd', t('Cost of a candidate'), { unit: '$' })}
      ${number('candidateTokens', t('Tokens of a candidate'))}
    </div>
    <h3>${t('Rates that the run keeps to')}</h3>
    <div class="grid">
      ${number('requestsPerMinute', t('Requests a minute'))} ${number('tokensPerMinute', t('Tokens a minute'))}
      ${number('concurrency', t('Calls at a time'))}
    </div>
    <h3>${t('Without parts of the method')}</h3>
    <div class="hint">${t('The paper’s ablations: each takes one part of the method away. The run is marked with them.')}</div>
    <div class="grid">
      <ar-select
        label=${t('Search')}
        .value=${form.search}
        .choices=${[
          { value: '', label: t('Evolution') },
          { value: 'best-of-k', label: t('Best of K') },
          { value: 'random-drafts', label: t('Random drafts') },
        ]}
        @ar-change=${choose('search')}
      ></ar-select>
      <ar-select
        label=${t('Operators')}
        .value=${form.operators}
        .choices=${[{ value: '', label: t('Agents') }, { value: 'single-turn', label: t('Single answers') }]}
        @ar-change=${choose('operators')}
      ></ar-select>
      <ar-select
        label=${t('Evaluation')}
        .value=${form.evaluation}
        .choices=${[{ value: '', label: t('Hidden') }, { value: 'self-reported', label: t('Self-reported') }]}
        @ar-change=${choose('evaluation')}
      ></ar-select>
    </div>
    ${
      form.evaluation === 'self-reported'
        ? html`<div class="warning">
            <ar-icon name="warning"></ar-icon
            ><span>${t('Programs are compared by what they say of themselves: not to be believed without the hidden scores.')}</span>
          </div>`
        : nothing
    }
  </div>`;
}
