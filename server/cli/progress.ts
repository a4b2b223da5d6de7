/** A run as it goes: a block that redraws itself on a terminal, one line for each thing that happens elsewhere. */
import { createLogUpdate } from 'log-update';
import type { SlotView } from '../../protocol/clientViews.ts';
import { duration } from '../../protocol/duration.ts';
import { describeLead } from '../../protocol/lead.ts';
import { printableText } from '../../protocol/printableText.ts';
import type { RunView } from '../../protocol/projection.ts';
import type { Candidate, RunEvent } from '../../protocol/run.ts';
import { switchesOf } from '../../protocol/runSwitches.ts';
import { formatScoreWithError } from '../../protocol/score.ts';
import { bestWords, stagnationWords } from '../analysis/bestSoFar.ts';
import { markWords, requestWords } from '../analysis/requestWords.ts';
import { Activities, type Activity } from '../search/activities.ts';
import type { PoolEvent } from '../workers/contract.ts';
import { standing } from './standing.ts';

/** The run that is shown: a store of this process, or what a server tells. */
export interface ProgressSource {
  readonly view: RunView;
  /** Each event after `sinceSeq`, when it is part of the view. @returns how to stop listening */
  subscribe(sinceSeq: number, listener: (event: RunEvent) => void): () => void;
}

export class Progress {
  readonly #source: ProgressSource;
  readonly #stream: NodeJS.WriteStream;
  readonly #isLive: boolean;
  readonly #draw: ReturnType<typeof createLogUpdate>;
  readonly #activities = new Activities();
  readonly #slotStates = new Map<number, string>();
  #timer: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor({ source, stream }: { source: ProgressSource; stream: NodeJS.WriteStream }) {
    this.#source = source;
    this.#stream = stream;
    this.#isLive = stream.isTTY === true && process.env.TERM !== 'dumb';
    this.#draw = createLogUpdate(stream, { showCursor: true });
  }

  start(): void {
    this.#unsubscribe = this.#source.subscribe(this.#source.view.lastSeq, (event) => this.#event(event));
    if (this.#isLive) this.#timer = setInterval(() => this.#redraw(), 250);
  }

  stop(): void {
    if (this.#timer !== null) {
      clearInterval(this.#timer);
      this.#draw.clear();
      this.#draw.done();
    }
    this.#timer = null;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  /** A line that stays. */
  say(line: string): void {
    if (this.#timer !== null) this.#draw.clear();
    this.#stream.write(`${printableText(line)}\n`);
    if (this.#timer !== null) this.#redraw();
  }

  activity(activity: Activity): void {
    this.#activities.heard(activity, Date.now());
  }

  /** All slots, as they are now. */
  slots(slots: readonly SlotView[]): void {
    for (const { slot, state } of slots) this.#slotStates.set(slot, state);
    this.#activities.replace(
      slots.flatMap(({ slot, activities }) => activities.map((activity) => ({ slot, ...activity }))),
    );
  }

  pool(event: PoolEvent): void {
    if (event.type === 'slot_state') this.#slotStates.set(event.slot, event.state);
    if (event.type === 'slot_lost')
      this.say(`slot ${event.slot}: its worker was lost (${event.reason}); its work is put back`);
  }

  #event({ body }: RunEvent): void {
    const { view } = this.#source;
    const clock = duration(view.summary.activeMs);
    this.#activities.event(body);
    switch (body.type) {
      case 'candidate_scored': {
        const { bestSearch } = view.summary;
        const lead = bestSearch?.lead ?? null;
        const best = lead === null ? '  ← best so far' : `  ← best so far, ${describeLead(lead)}`;
        this.say(
          `[${clock}] #${body.id} ${madeBy(view.candidates.get(body.id))}: ${formatScoreWithError(body.search)}${bestSearch?.candidate === body.id ? best : ''}  ${summaryOf(view.candidates.get(body.id))}`,
        );
        break;
      }
      case 'candidate_near_duplicate':
        this.say(`[${clock}] #${body.id} is nearly the same program as #${body.duplicate.of}: its agent has been told`);
        break;
      case 'candidate_failed':
        this.say(
          `[${clock}] #${body.id} ${madeBy(view.candidates.get(body.id))} failed: ${body.failure.kind}: ${body.failure.message.split('\n')[0]}`,
        );
        break;
      case 'candidate_abandoned':
        this.say(`[${clock}] #${body.id} given up: ${body.reason}`);
        break;
      case 'request_queued':
        this.say(`[${clock}] a person asks: ${requestWords(body.body)}`);
        break;
      case 'run_paused':
      case 'run_unpaused':
        this.say(
          `[${clock}] ${body.type === 'run_paused' ? 'paused: agents at work finish, nothing new starts' : 'goes on'}`,
        );
        break;
      case 'run_stopping':
        this.say(
          body.mode === 'finish'
            ? `[${clock}] ${body.reason}: nothing new is begun, agents at work come to their end`
            : `[${clock}] the search ends: ${body.reason}; scoring the hidden splits …`,
        );
        break;
      case 'provider_outage':
        this.say(
          `[${clock}] the model provider does not answer; agents wait, and the clock stands still: ${body.reason}`,
        );
        break;
      case 'provider_recovered':
        this.say(`[${clock}] the model provider answers again`);
        break;
      case 'stood_still':
        this.say(`[${clock}] the machine stood still for ${duration(body.ms)}: not counted`);
        break;
      case 'candidate_reevaluated': {
        const came = body.search === null ? (body.failure?.kind ?? 'failed') : formatScoreWithError(body.search);
        this.say(`[${clock}] #${body.id} again, with another seed: ${came}`);
        break;
      }
      case 'request_dropped':
        this.say(`[${clock}] what a person asked for is given up: ${body.reason}`);
        break;
      case 'candidate_marked':
        this.say(`[${clock}] #${body.id} is ${markWords(body).join(' and ')}`);
        break;
      case 'budget_extended':
        this.say(
          `[${clock}] the run may take more: ${Object.entries(body.by)
            .map(([name, more]) => `${name} +${more}`)
            .join(', ')}`,
        );
        break;
      case 'unsealed':
        if (body.early) this.say(`[${clock}] a person had hidden scores unsealed: the run is marked for good`);
        break;
      case 'caveat':
        this.say(`note: ${body.text}`);
        break;
      default:
        break;
    }
  }

  #redraw(): void {
    this.#draw(printableText(this.#lines().join('\n')));
  }

  #lines(): string[] {
    const { summary, candidates } = this.#source.view;
    const { config, metric, outage } = summary;
    const lines = [''];
    for (let slot = 0; slot < config.workers; slot += 1) {
      const here = this.#activities.list(slot);
      const words = here.map((activity) => {
        const candidate = candidates.get(activity.candidate);
        return `#${activity.candidate} ${madeBy(candidate)} · ${activity.doing} ${duration(Date.now() - activity.since)}`;
      });
      const state = this.#slotStates.get(slot) ?? 'starting';
      lines.push(`  slot ${slot}  ${words.join(' | ') || (state === 'ready' ? 'free' : state)}`);
    }
    if (outage !== null) lines.push('  the model provider does not answer: agents wait');
    const where = config.evaluation === 'hidden' ? 'on the search split' : 'as programs say themselves';
    const since = stagnationWords(summary);
    lines.push(`  best ${metric.name} ${where}: ${bestWords(summary)}${since === null ? '' : ` · ${since}`}`);
    const switches = switchesOf(config);
    if (switches.length > 0) lines.push(`  ${switches.join(', ')}`);
    lines.push(`  ${standing(this.#source.view, Date.now())}`);
    return lines;
  }
}

function madeBy(candidate: Candidate | undefined): string {
  if (candidate === undefined) return '';
  const parents = candidate.parents.map((id) => `#${id}`).join(' × ');
  return parents === '' ? candidate.operator : `${candidate.operator} of ${parents}`;
}

function summaryOf(candidate: Candidate | undefined): string {
  return (candidate?.summary ?? '').replaceAll(/\s+/g, ' ').slice(0, 120);
}
