/** What a tool call showed: its output in its colours, folded when long, and all of it on demand. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Observation } from '../../protocol/trajectory.ts';
import { t } from '../frame/strings.ts';
import { ansiLines, type Line } from '../text/ansi.ts';
import type { AnsiPalette } from '../text/ansiStyle.ts';
import { moreLinesWord } from '../text/counts.ts';
import { excerpt, type FoldSize } from '../text/excerpt.ts';
import { linesView } from '../text/linesView.ts';
import { shortDuration } from '../text/shortDuration.ts';
import { splitFooter } from './eventFacts.ts';
import type { FullOutput, RowActions, RowContext, RowView } from './rowView.ts';

const outputFold = { head: 8, tail: 8 };

const outcomes: Record<Observation['outcome'], string> = {
  ok: 'ok',
  error: 'error',
  timeout: 'timed out',
  session_lost: 'session lost',
  interrupted: 'interrupted',
  invalid_call: 'invalid call',
};

export function outcomeName(outcome: Observation['outcome']): string {
  return t(outcomes[outcome]);
}

/** Code cut to its first and last lines. `hidden`: lines left out, for which one line says so. */
export function foldedText(text: string, { head, tail }: FoldSize, open: boolean): { shown: string; hidden: number } {
  const lines = text.split('\n');
  if (open || lines.length <= head + tail + 3) return { shown: text, hidden: 0 };
  const hidden = lines.length - head - tail;
  return { shown: [...lines.slice(0, head), '⋯', ...lines.slice(-tail)].join('\n'), hidden };
}

interface Taken {
  lines: Line[];
  footer: string | null;
}

/** Outputs that are kept taken apart: rows are drawn again and again while they are scrolled past. */
const mostTaken = 300;
const taken = new Map<Observation, Taken>();

function linesOf(observation: Observation): Taken {
  const before = taken.get(observation);
  if (before !== undefined) return before;
  const { output, footer } = splitFooter(observation.text);
  const made = { lines: ansiLines(output.replace(/\n+$/, '')), footer };
  taken.set(observation, made);
  const [oldest] = taken.keys();
  if (taken.size > mostTaken && oldest !== undefined) taken.delete(oldest);
  return made;
}

const cutWords = (characters: number) => t('… {0} more characters', characters.toLocaleString());

export function observationView(
  at: { key: string; place: number; index: number },
  observation: Observation,
  view: RowView,
  { actions, palette, fullOutput }: RowContext,
): TemplateResult {
  const { lines, footer } = linesOf(observation);
  const part = `output-${at.place}`;
  const open = view.open.has(part);
  const { head, hidden, tail } = open ? { head: lines, hidden: 0, tail: [] } : excerpt(lines, outputFold);
  const isEmpty = lines.every((line) => line.length === 0);
  const { outcome } = observation;
  const unfold = () => actions.open(at.key, part);
  const copy = () => actions.copy(splitFooter(observation.text).output);
  return html`<div class="outcome ${outcome}">
      <ar-icon name=${outcome === 'ok' ? 'check' : 'error'} class=${outcome === 'ok' ? 'good' : 'bad'}></ar-icon>
      <span class="word">${outcomeName(outcome)}</span>
      <span>${shortDuration(observation.durationMs)}</span>
      <span class="notes" title=${t("The engine's own line for the agent")}>${standing(footer)}</span>
      ${
        isEmpty
          ? html`<span class="notes">${t('no output')}</span>`
          : html`<ar-button class="copy" appearance="icon" label=${t('Copy Output')} @click=${copy}
              ><ar-icon name="copy"></ar-icon
            ></ar-button>`
      }
    </div>
    ${isEmpty ? nothing : html`<pre class="output">${linesView(head, palette, cutWords)}</pre>`}
    ${
      hidden === 0
        ? nothing
        : html`<ar-link class="more between" @click=${unfold}>${moreLinesWord(hidden)}</ar-link>
            <pre class="output">${linesView(tail, palette, cutWords)}</pre>`
    }
    ${open ? html`<ar-link class="more" @click=${unfold}>${t('Show less')}</ar-link>` : nothing}
    ${observation.fullTextPath === undefined ? nothing : fullView(at.index, fullOutput(at.index), palette, actions)}`;
}

/** Outcome and duration stand beside it already: of the engine's line the rest is new. */
function standing(footer: string | null): string {
  return footer === null ? '' : footer.split(' · ').slice(2).join(' · ');
}

function fullView(
  index: number,
  full: FullOutput | undefined,
  palette: AnsiPalette,
  actions: RowActions,
): TemplateResult {
  const ask = (offset: number | null) => () => actions.output(index, offset);
  if (full === undefined)
    return html`<ar-link class="more" @click=${ask(0)}>${t('The output was longer: show all of it')}</ar-link>`;
  if (full.text === undefined)
    return html`<div class="pending"><ar-progress-ring label=${t('Loading')}></ar-progress-ring>${t('Loading')}</div>`;
  if (full.text === null) return html`<div class="notes">${t('The full output was not kept.')}</div>`;
  const end = full.nextOffset ?? full.bytes;
  const previous = full.before.at(-1);
  const { nextOffset } = full;
  return html`<div class="full" role="group" aria-label=${t('Full output')}>
    <div class="full-head">
      <span class="notes"
        >${t('Bytes {0} to {1} of {2}', full.offset.toLocaleString(), end.toLocaleString(), full.bytes.toLocaleString())}</span
      >
      ${previous === undefined ? nothing : html`<ar-link @click=${ask(previous)}>${t('Previous part')}</ar-link>`}
      ${nextOffset === null ? nothing : html`<ar-link @click=${ask(nextOffset)}>${t('Next part')}</ar-link>`}
      <ar-link @click=${ask(null)}>${t('Close')}</ar-link>
    </div>
    <pre class="output">${linesView(ansiLines(full.text), palette, cutWords)}</pre>
  </div>`;
}
