/** A step as a person reads it: the reason, what was done, and what that showed. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatTokens, formatUsd } from '../../protocol/amounts.ts';
import type { Usage } from '../../protocol/trajectory.ts';
import { t } from '../frame/strings.ts';
import { codeView } from '../text/codeView.ts';
import { moreLinesWord } from '../text/counts.ts';
import { markdownView } from '../text/markdownView.ts';
import { shortDuration } from '../text/shortDuration.ts';
import { visibleText } from '../text/visibleText.ts';
import type { IconName } from '../ui/icon.ts';
import { actionOf } from './eventFacts.ts';
import { foldedText, observationView, outcomeName } from './observationView.ts';
import type { Act, StepRow } from './rows.ts';
import type { RowContext, RowView } from './rowView.ts';

const codeFold = { head: 18, tail: 6 };

const icons: Record<string, IconName> = { bash: 'terminal', python: 'python', submit: 'submit' };

export function toolName(name: string): string {
  return { bash: 'Bash', python: 'Python', submit: t('Submit') }[name] ?? visibleText(name);
}

/** In one line, for a folded row and for screen readers. */
export function stepSummary({ event, acts }: StepRow): string {
  const [first = ''] = event.reason.trim().split('\n', 1);
  const done = acts.map(({ call, observation }) => {
    if (observation === null) return toolName(call.name);
    const { outcome } = observation.event.observation;
    return outcome === 'ok' ? toolName(call.name) : `${toolName(call.name)}: ${outcomeName(outcome)}`;
  });
  return [visibleText(first.length > 200 ? `${first.slice(0, 200)}…` : first), done.join(', ')]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Tokens and money of one answer. */
export function usageView(usage: Usage, costUsd: number | null | undefined): TemplateResult {
  const about = usage.estimated === true ? '≈ ' : '';
  const output = usage.output + usage.thoughts;
  const details = t(
    'Input {0} tokens, {1} of them cached; output {2}; thoughts {3}',
    usage.input.toLocaleString(),
    usage.cachedInput.toLocaleString(),
    usage.output.toLocaleString(),
    usage.thoughts.toLocaleString(),
  );
  if (usage.input + output === 0) return html``;
  return html`<span title=${details}
      >${about}${t('{0} in', formatTokens(usage.input))}, ${t('{0} out', formatTokens(output))}</span
    >${typeof costUsd === 'number' ? html`<span>${formatUsd(costUsd)}</span>` : nothing}`;
}

/** A turn that was waited for only as long as it takes to hand it over was not parked. */
const worthTellingMs = 50;

export function stepView(row: StepRow, view: RowView, context: RowContext): TemplateResult {
  const { event, key } = row;
  const { actions } = context;
  const parked = event.parkedMs ?? 0;
  const head = html`<div class="row-head">
    <button
      type="button"
      class="fold"
      tabindex="-1"
      aria-expanded=${!view.folded}
      aria-label=${t('Step {0}', event.step)}
      @click=${() => actions.fold(key)}
    >
      <ar-icon name=${view.folded ? 'chevronRight' : 'chevronDown'}></ar-icon><span class="number">${event.step}</span>
    </button>
    <span class="summary">${view.folded ? stepSummary(row) : nothing}</span>
    <span class="meta">
      ${row.failed && view.folded ? html`<ar-icon name="error" class="bad"></ar-icon>` : nothing}
      ${parked >= worthTellingMs ? html`<span title=${t('The provider did not answer')}>${t('parked {0}', shortDuration(parked))}</span>` : nothing}
      <span title=${t('Time the model took to answer')}>${t('thought {0}', shortDuration(event.durationMs))}</span>
      ${usageView(event.usage, event.costUsd)}
    </span>
  </div>`;
  if (view.folded) return head;
  return html`${head}
    <div class="row-body">
      ${event.reason.trim() === '' ? nothing : html`<div class="prose">${markdownView(event.reason)}</div>`}
      ${row.acts.map((act, place) => actView(key, act, place, view, context))}
    </div>`;
}

function actView(
  key: string,
  { call, observation }: Act,
  place: number,
  view: RowView,
  context: RowContext,
): TemplateResult {
  const { actions } = context;
  const { code, language, notes } = actionOf(call);
  const part = `code-${place}`;
  const text = foldedText(code, codeFold, view.open.has(part));
  const unfold = () => actions.open(key, part);
  const copy = () => actions.copy(code);
  return html`<section class="act" aria-label=${toolName(call.name)}>
    <div class="act-head">
      <ar-icon name=${icons[call.name] ?? 'more'}></ar-icon>
      <span class="tool">${toolName(call.name)}</span>
      <span class="notes">${notes.join(' · ')}</span>
      <ar-button class="copy" appearance="icon" label=${t('Copy')} @click=${copy}><ar-icon name="copy"></ar-icon></ar-button>
    </div>
    <pre class="code">${codeView(text.shown, language)}</pre>
    ${
      text.hidden === 0 && !view.open.has(part)
        ? nothing
        : html`<ar-link class="more" @click=${unfold}
            >${text.hidden === 0 ? t('Show less') : moreLinesWord(text.hidden)}</ar-link
          >`
    }
    ${
      observation === null
        ? html`<div class="pending"><ar-progress-ring label=${t('Running')}></ar-progress-ring>${t('Running')}</div>`
        : observationView({ key, place, index: observation.index }, observation.event.observation, view, context)
    }
  </section>`;
}
