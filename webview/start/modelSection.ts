/** Which model drives the agents, whether its key is there, and whether it answers. */
import { html, nothing, type TemplateResult } from 'lit';
import type { ConnectionReport, OfferedModel } from '../../protocol/clientViews.ts';
import { suggestedModels } from '../../protocol/modelNames.ts';
import type { PanelMessage } from '../frame/host.ts';
import { t } from '../frame/strings.ts';
import { shortDuration } from '../text/shortDuration.ts';
import { visibleText } from '../text/visibleText.ts';
import type { ArEvent } from '../ui/element.ts';
import type { FormContext } from './advanced.ts';
import type { FormProblem } from './form.ts';
import { keyProvider, type ModelChoice, modelName, type Provider } from './models.ts';
import { problemWords } from './problemWords.ts';

export interface ModelSection extends FormContext {
  offered: readonly OfferedModel[];
  keys: readonly string[];
  problem: FormProblem | null;
  /** Whether the plan knows no price for this model. */
  isUnpriced: boolean;
  /** `testing`: the answer is still to come. */
  test: 'none' | 'testing' | ConnectionReport;
  ask(message: PanelMessage & ({ type: 'test'; model: string } | { type: 'setKey'; provider: string })): void;
}

/** What the form begins with when a provider is chosen. */
export function modelOf(provider: Provider, offered: readonly OfferedModel[]): ModelChoice {
  const name = {
    heuristic: '',
    gemini: suggestedModels.gemini[0],
    openai: suggestedModels.openai[0],
    vscode: offered[0]?.id ?? '',
  }[provider];
  return { provider, name, url: '' };
}

export function modelSection(section: ModelSection): TemplateResult {
  const { form, change, offered } = section;
  const { provider } = form.model;
  return html`<section>
    <h2>${t('Model')}</h2>
    <ar-radio-group
      hide-label
      label=${t('Provider of the model')}
      .value=${provider}
      .choices=${[
        { value: 'heuristic', label: t('Built-in researcher') },
        { value: 'gemini', label: 'Gemini' },
        { value: 'openai', label: t('OpenAI or a server like it') },
        { value: 'vscode', label: t('VS Code’s models'), disabled: offered.length === 0 && provider !== 'vscode' },
      ]}
      @ar-change=${(event: ArEvent<Provider>) => change({ model: modelOf(event.detail.value, offered) })}
    ></ar-radio-group>
    ${
      provider === 'heuristic'
        ? html`<div class="hint">
            ${t('No language model, no key, no cost: it knows the usual ways of machine learning, and shows what a search is like.')}
          </div>`
        : html`${named(section)} ${section.isUnpriced ? price(section) : nothing} ${connection(section)}`
    }
  </section>`;
}

function named({ form, change, offered, problem }: ModelSection): TemplateResult {
  const { model } = form;
  const words = problem?.field === 'model' ? problemWords(problem) : '';
  const rename = (name: string) => change({ model: { ...model, name } });
  if (model.provider === 'vscode')
    return html`<ar-select
        label=${t('Model')}
        .value=${model.name}
        .choices=${offered.map(({ id, label }) => ({ value: id, label: visibleText(label) }))}
        .problem=${words}
        @ar-change=${(event: ArEvent<string>) => rename(event.detail.value)}
      ></ar-select>
      <div class="hint">${t('Calls go through this window: while none is open the run waits.')}</div>`;
  const isUrl = problem?.kind === 'url';
  const known = suggestedModels[model.provider === 'gemini' ? 'gemini' : 'openai'];
  return html`<ar-text-field
      label=${t('Model')}
      .value=${model.name}
      .problem=${isUrl ? '' : words}
      @ar-input=${(event: ArEvent<string>) => rename(event.detail.value)}
    ></ar-text-field>
    ${
      model.url.trim() !== ''
        ? nothing
        : html`<div class="line small">
            ${known.map((name) => html`<ar-link @click=${() => rename(name)}>${name}</ar-link>`)}
          </div>`
    }
    ${
      model.provider === 'openai'
        ? html`<ar-text-field
            label=${t('Address of the server')}
            placeholder="https://api.openai.com/v1"
            .value=${model.url}
            .problem=${isUrl ? words : ''}
            .description=${t('Empty: OpenAI’s own. For vLLM, llama.cpp or Ollama, such as http://localhost:8000/v1.')}
            @ar-input=${(event: ArEvent<string>) => change({ model: { ...model, url: event.detail.value } })}
          ></ar-text-field>`
        : nothing
    }`;
}

function price({ number }: ModelSection): TemplateResult {
  return html`<div class="hint">
      ${t('Its price is not known. With one, cost can be told and bounded; zeros for a server of your own.')}
    </div>
    <div class="grid">
      ${number('priceInput', t('Input'), { unit: t('$ per M tokens') })}
      ${number('priceCached', t('Cached input'), { unit: t('$ per M tokens') })}
      ${number('priceOutput', t('Output'), { unit: t('$ per M tokens') })}
    </div>`;
}

function connection({ form, keys, test, ask, problem }: ModelSection): TemplateResult {
  const needs = keyProvider(form.model);
  const may = form.model.provider === 'openai' ? 'openai' : needs;
  const isKnown = may !== null && keys.includes(may);
  const key =
    may === null
      ? nothing
      : html`<span class="line ${isKnown || needs === null ? '' : 'bad'}"
          ><ar-icon name=${isKnown ? 'check' : 'key'} class=${isKnown ? 'good' : ''}></ar-icon>${
            isKnown
              ? t('A key is known')
              : needs === null
                ? t('No key: your own server may need none')
                : t('A key is needed')
          }</span
        ><ar-button appearance="secondary" @click=${() => ask({ type: 'setKey', provider: may })}
          >${isKnown ? t('Change Key…') : t('Set Key…')}</ar-button
        >`;
  return html`<div class="line">
      ${key}
      <ar-button
        appearance="secondary"
        ?disabled=${test === 'testing' || problem !== null}
        @click=${() => ask({ type: 'test', model: modelName(form.model) })}
        >${t('Test Connection')}</ar-button
      >
    </div>
    <div role="status">${tested(test)}</div>`;
}

function tested(test: ModelSection['test']): TemplateResult | typeof nothing {
  if (test === 'none') return nothing;
  if (test === 'testing')
    return html`<div class="line">
      <ar-progress-ring label=${t('Testing')}></ar-progress-ring>${t('A call is made that has to come back as a tool call…')}
    </div>`;
  if (test.ok)
    return html`<div class="line">
      <ar-icon name="check" class="good"></ar-icon
      ><span class="words">${t('It answers: {0} ({1})', visibleText(test.detail), shortDuration(test.durationMs))}</span>
    </div>`;
  return html`<div class="problem"><ar-icon name="error"></ar-icon><span>${visibleText(test.message)}</span></div>`;
}
