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
import type { Activity } from '../search/agentRun.ts';
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
  readonly #activities = new Map<number, Activity & { since: number }>();
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
    this.#activities.set(activity.candidate, { ...activity, since: Date.now() });
  }

  /** All slots, as they are now. */
  slots(slots: readonly SlotView[]): void {
    this.#activities.clear();
    for (const { slot, state, activities } of slots) {
      this.#slotStates.set(slot, state);
      for (const activity of activities) this.#activities.set(activity.candidate, { slot, ...activity });
    }
  }

  pool(event: PoolEvent): void {
    if (event.type === 'slot_state') this.#slotStates.set(event.slot, event.state);
    if (event.type === 'slot_lost')
      this.say(`slot ${event.slot}: its worker was lost (${event.reason}); its work is put back`);
  }

  #event({ body }: RunEvent): void {
    const { view } = this.#source;
    const clock = duration(view.summary.activeMs);
    switch (body.type) {
      case 'candidate_scored': {
        this.#activities.delete(body.id);
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
        this.#activities.delete(body.id);
        this.say(
          `[${clock}] #${body.id} ${madeBy(view.candidates.get(body.id))} failed: ${body.failure.kind}: ${body.failure.message.split('\n')[0]}`,
        );
        break;
      case 'candidate_abandoned':
        this.#activities.delete(body.id);
        this.say(`[${clock}] #${body.id} given up: ${body.reason}`);
        break;
      case 'request_queued':
        this.say(`[${clock}] a person asks: ${body.body.kind}`);
        break;
      case 'run_paused':
      case 'run_unpaused':
        this.say(
          `[${clock}] ${body.type === 'run_paused' ? 'paused: agents at work finish, nothing new starts' : 'goes on'}`,
        );
        break;
      case 'run_stopping':
        this.say(`[${clock}] the search ends: ${body.reason}; scoring the hidden splits …`);
        break;
      case 'provider_outage':
        this.say(
          `[${clock}] the model provider does not answer; agents wait, and the clock stands still: ${body.reason}`,
        );
        break;
      case 'provider_recovered':
        this.say(`[${clock}] the model provider answers again`);
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
      const here = [...this.#activities.values()].filter((activity) => activity.slot === slot);
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
