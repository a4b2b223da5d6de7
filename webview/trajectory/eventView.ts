/** What happens between steps, each as what it is: words of the engine, answers that were not used, a shortened context. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatTokens } from '../../protocol/amounts.ts';
import { t } from '../frame/strings.ts';
import { markdownView } from '../text/markdownView.ts';
import { shortDuration } from '../text/shortDuration.ts';
import { visibleText } from '../text/visibleText.ts';
import type { IconName } from '../ui/icon.ts';
import type { EventOf } from './eventFacts.ts';
import { observationView, outcomeName } from './observationView.ts';
import type { EventRow } from './rows.ts';
import type { RowContext, RowView } from './rowView.ts';
import { usageView } from './stepView.ts';

type Shown = EventRow['event'];

interface EventWords {
  icon: IconName;
  tone: 'plain' | 'good' | 'warning' | 'bad';
  title: string;
  meta?: TemplateResult;
  /** Text behind a title that unfolds it. */
  parts?: { id: string; title: string; text: string; prose: boolean }[];
  /** Text that is always in view. */
  text?: string;
}

/** In one line, for screen readers. */
export function eventSummary(event: Shown): string {
  const { title, text } = wordsOf(event);
  return text === undefined ? title : `${title}: ${visibleText(text.slice(0, 200))}`;
}

export function eventView(row: EventRow, view: RowView, context: RowContext): TemplateResult {
  const { event, key } = row;
  const { actions } = context;
  const { icon, tone, title, meta, parts = [], text } = wordsOf(event);
  return html`<div class="row-head note ${tone}">
      <ar-icon name=${icon}></ar-icon>
      <span class="summary title">${title}</span>
      <span class="meta">${meta ?? nothing}</span>
    </div>
    <div class="row-body">
      ${text === undefined || text.trim() === '' ? nothing : html`<div class="prose quiet">${markdownView(text)}</div>`}
      ${
        event.type === 'near_duplicate'
          ? html`<ar-link @click=${() => actions.openCandidate(event.duplicate.of)}
              >${t('Open the trajectory of #{0}', event.duplicate.of)}</ar-link
            >`
          : nothing
      }
      ${
        event.type === 'observation'
          ? observationView({ key, place: 0, index: row.index }, event.observation, view, context)
          : nothing
      }
      ${parts
        .filter((part) => part.text.trim() !== '')
        .map((part) => {
          const open = view.open.has(part.id);
          return html`<div class="part">
            <button
              type="button"
              class="fold"
              aria-expanded=${open}
              @click=${() => actions.open(key, part.id)}
            >
              <ar-icon name=${open ? 'chevronDown' : 'chevronRight'}></ar-icon>${part.title}
            </button>
            ${
              open
                ? part.prose
                  ? html`<div class="prose">${markdownView(part.text)}</div>`
                  : html`<pre class="output">${visibleText(part.text)}</pre>`
                : nothing
            }
          </div>`;
        })}
    </div>`;
}

function wordsOf(event: Shown): EventWords {
  switch (event.type) {
    case 'started':
      return {
        icon: 'model',
        tone: 'plain',
        title: t('Started with {0}', visibleText(event.model)),
        meta: html`<span>${t('seed {0}', event.seed)}</span>`,
        parts: [
          { id: 'prompt', title: t('What it was told about the task'), text: event.prompt, prose: true },
          { id: 'system', title: t('What it was told about its work'), text: event.systemPrompt, prose: true },
        ],
      };
    case 'observation':
      return {
        icon: 'terminal',
        tone: event.observation.outcome === 'ok' ? 'plain' : 'bad',
        title: t('Step {0}: {1}', event.step, outcomeName(event.observation.outcome)),
      };
    case 'notice':
      return { icon: 'info', tone: 'plain', title: t('The engine to the agent'), text: event.text };
    case 'discarded':
      return {
        icon: 'refresh',
        tone: 'warning',
        title: t('An answer was not used ({0}) and asked for again', discardCauses(event.cause)),
        meta: html`<span>${shortDuration(event.durationMs)}</span>${usageView(event.usage, event.costUsd)}`,
      };
    case 'charge':
      return {
        icon: 'warning',
        tone: 'warning',
        title: chargeTitle(event.cause),
        meta: usageView(event.usage, event.costUsd),
        text: event.detail,
      };
    case 'no_room':
      return { icon: 'warning', tone: 'warning', title: t('A call to the model was not made'), text: event.detail };
    case 'compacted':
      return compacted(event);
    case 'rehearsed':
      return {
        icon: 'check',
        tone: 'plain',
        title: t(
          'The program in {0} ran to its end: a copy is kept, should nothing be submitted',
          visibleText(event.directory),
        ),
      };
    case 'near_duplicate':
      return {
        icon: 'duplicate',
        tone: 'warning',
        title: t(
          'Nearly the program of #{0} ({1} %): the agent was told before it submitted',
          event.duplicate.of,
          (event.duplicate.similarity * 100).toFixed(1),
        ),
        parts: [{ id: 'told', title: t('What it was told'), text: event.text, prose: true }],
      };
    case 'resumed':
      return {
        icon: 'refresh',
        tone: 'plain',
        title: event.sandboxKept
          ? t('Taken up again after the server was down, in the same sandbox')
          : t('Taken up again after the server was down, in a fresh sandbox'),
      };
    case 'stood_still':
      return {
        icon: 'clock',
        tone: 'plain',
        title: t('The machine stood still for {0}: not counted', shortDuration(event.parkedMs)),
      };
    case 'ended':
      return ended(event);
  }
}

function discardCauses(cause: EventOf<'discarded'>['cause']): string {
  return {
    malformed: t('malformed'),
    blocked: t('withheld by the provider'),
    incomplete: t('broken off'),
    snapshot: t('a snapshot that was no use'),
  }[cause];
}

function chargeTitle(cause: EventOf<'charge'>['cause']): string {
  return {
    refused: t('The provider refused a call'),
    failed: t('A call to the model failed'),
    aborted: t('A call to the model was given up'),
    cut_off: t('A call to the model was cut off when the server was killed'),
  }[cause];
}

function compacted(event: EventOf<'compacted'>): EventWords {
  const what = {
    masked: t('Long outputs up to step {0} are shortened for the model', event.maskedThrough),
    snapshot: t('Steps up to {0} give way to the model’s own notes', event.cutThrough),
    cut: t('Steps up to {0} are left out for the model', event.cutThrough),
  }[event.how];
  return {
    icon: 'fold',
    tone: 'plain',
    title: what,
    meta: html`<span
        >${t('{0} → {1} tokens', formatTokens(event.tokensBefore), formatTokens(event.tokensAfter))}</span
      >${event.usage === undefined ? nothing : usageView(event.usage, event.costUsd)}`,
    parts: [
      { id: 'snapshot', title: t('The model’s notes'), text: event.snapshot ?? '', prose: true },
      { id: 'state', title: t('What the engine knows of the work so far'), text: event.state ?? '', prose: true },
    ],
  };
}

function ended(event: EventOf<'ended'>): EventWords {
  const reasons: Record<EventOf<'ended'>['reason'], string> = {
    submitted: t('Submitted'),
    step_limit: t('Ended: all steps were used'),
    time_limit: t('Ended: time was up'),
    no_tool_call: t('Ended: the model stopped calling tools'),
    malformed_calls: t('Ended: the model’s calls were malformed'),
    looping: t('Ended: it went in circles'),
    budget_limit: t('Ended: the candidate’s budget was used up'),
    run_budget: t('Ended: the run’s budget was used up'),
    aborted: t('Ended: it was stopped'),
    failed: t('Ended: it failed'),
  };
  const auto = event.autosubmitted === true;
  const title = auto
    ? t('{0}; the last program that had run to its end was submitted for it', reasons[event.reason])
    : reasons[event.reason];
  return {
    icon: 'flag',
    tone: event.reason === 'submitted' ? 'good' : 'warning',
    title,
    ...(event.detail === undefined ? {} : { text: event.detail }),
  };
}
