/**
 * Where the time of a trajectory went, one stretch after the other. Time in which the server was down, or the machine stood
 * still, is not part of it.
 */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import type { Candidate } from '../../protocol/run.ts';
import { isFailure } from './eventFacts.ts';

/**
 * `thinking`: the model answers. `tools`: a tool runs. `evaluation`: the submitted program runs and is scored. `parked`: the
 * model's provider does not answer. `waiting`: for a turn on the slot, and what the engine itself takes. `unknown`: not loaded.
 */
export const activities = ['thinking', 'tools', 'evaluation', 'parked', 'waiting', 'unknown'] as const;
export type Activity = (typeof activities)[number];

export interface Stretch {
  activity: Activity;
  /** Milliseconds from the beginning, downtime left out. */
  from: number;
  to: number;
  /** The event of the log that tells of it. */
  index: number;
  step: number;
  /** The tool, where it is one. */
  tool: string | null;
  failed: boolean;
}

export interface Timeline {
  stretches: readonly Stretch[];
  /** Milliseconds of the beginning at which the server was down for a while, or the machine stood still. */
  breaks: readonly number[];
  /** When the program was submitted, in milliseconds from the beginning; null before. */
  submitted: number | null;
  totals: Readonly<Record<Activity, number>>;
  length: number;
}

/** What of an event matters here; small, and kept also where the event itself is dropped. */
export interface TimedEvent {
  index: number;
  at: number;
  step: number;
  activity: 'thinking' | 'tools' | null;
  ms: number;
  parkedMs: number;
  tool: string | null;
  failed: boolean;
  /** The server came back: what lies before this was downtime. */
  resumes: boolean;
  /** So long the machine stood still before this. */
  stillMs: number;
}

/** @param toolOf name of the tool that a call id was for */
export function timedEvent({ index, event }: TrajectoryItem, toolOf: (callId: string) => string | null): TimedEvent {
  const timed: TimedEvent = {
    index,
    at: event.at,
    step: event.type === 'started' ? 0 : event.step,
    activity: null,
    ms: 0,
    parkedMs: 0,
    tool: null,
    failed: isFailure(event),
    resumes: event.type === 'resumed',
    stillMs: event.type === 'stood_still' ? event.parkedMs : 0,
  };
  switch (event.type) {
    case 'model':
    case 'discarded':
    case 'compacted':
      return {
        ...timed,
        activity: 'thinking',
        ms: Math.max(0, event.durationMs ?? 0),
        parkedMs: Math.max(0, event.parkedMs ?? 0),
      };
    case 'observation':
      return {
        ...timed,
        activity: 'tools',
        ms: Math.max(0, event.observation.durationMs),
        tool: toolOf(event.callId),
      };
    default:
      return timed;
  }
}

/** What an agent does that has not ended. */
export interface UnderWay {
  activity: 'thinking' | 'tools';
  tool: string | null;
}

/**
 * @param now milliseconds since the epoch: what has not ended yet goes up to it
 * @param underWay of an agent at work; null if that is not known
 */
export function timelineOf(
  events: readonly (TimedEvent | undefined)[],
  total: number,
  candidate: Pick<Candidate, 'submittedAt' | 'endedAt' | 'state'>,
  now: number,
  underWay: UnderWay | null = null,
): Timeline {
  const line = new Growing();
  for (let index = 0; index < total; index++) {
    const event = events[index];
    if (event === undefined) line.miss();
    else line.add(event);
  }
  return line.end(candidate, now, underWay);
}

class Growing {
  readonly #stretches: Stretch[] = [];
  readonly #breaks: number[] = [];
  readonly #totals: Record<Activity, number> = {
    thinking: 0,
    tools: 0,
    evaluation: 0,
    parked: 0,
    waiting: 0,
    unknown: 0,
  };
  /** Wall clock up to which everything is told; null before the first event. */
  #clock: number | null = null;
  #length = 0;
  #missed = false;
  #last = { index: 0, step: 0 };

  miss(): void {
    this.#missed = true;
  }

  add(event: TimedEvent): void {
    const { index, at, step, activity, ms, parkedMs, tool, failed, stillMs } = event;
    if (stillMs > 0) {
      // What it cut in two is drawn as one, when it ends.
      if (this.#clock !== null) this.#clock += stillMs;
      this.#breaks.push(this.#length);
      return;
    }
    this.#last = { index, step };
    const clock = this.#clock ?? at - ms - parkedMs;
    this.#clock = Math.max(clock, at);
    const of = { index, step, tool: null, failed: false };
    const before = at - ms - parkedMs - clock;
    if (event.resumes) {
      if (before > 0) this.#breaks.push(this.#length);
    } else this.#push(this.#missed ? 'unknown' : 'waiting', before, of);
    this.#missed = false;
    // What began before the last one had ended ran beside it: only what it took longer counts.
    const room = Math.max(0, at - clock);
    this.#push('parked', Math.min(parkedMs, Math.max(0, room - ms)), of);
    if (activity !== null) this.#push(activity, Math.min(ms, room), { ...of, tool, failed }, failed);
  }

  #push(activity: Activity, ms: number, of: Omit<Stretch, 'activity' | 'from' | 'to'>, always = false): void {
    if (ms <= 0 && !always) return;
    const length = Math.max(0, ms);
    this.#stretches.push({ activity, from: this.#length, to: this.#length + length, ...of });
    this.#totals[activity] += length;
    this.#length += length;
  }

  end(
    { submittedAt, endedAt, state }: Pick<Candidate, 'submittedAt' | 'endedAt' | 'state'>,
    now: number,
    underWay: UnderWay | null,
  ): Timeline {
    let submitted: number | null = null;
    if (state === 'running' && this.#clock !== null && underWay !== null)
      this.#push(underWay.activity, now - this.#clock, { ...this.#last, tool: underWay.tool, failed: false });
    if (submittedAt !== undefined && this.#clock !== null) {
      const of = { ...this.#last, tool: null, failed: state === 'failed' };
      submitted = this.#length;
      this.#push('evaluation', (endedAt ?? now) - Math.max(submittedAt, this.#clock), of);
    }
    return {
      stretches: this.#stretches,
      breaks: this.#breaks,
      submitted,
      totals: this.#totals,
      length: this.#length,
    };
  }
}

/** The stretch at a moment, in milliseconds from the beginning; null where there is none. */
export function stretchAt(stretches: readonly Stretch[], ms: number): Stretch | null {
  let [low, high] = [0, stretches.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle]?.to ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return stretches[low] ?? null;
}

/** Place of the first stretch that tells of this event of the log or a later one; the number of stretches if none does. */
export function stretchOf(stretches: readonly Stretch[], index: number): number {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle]?.index ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}
