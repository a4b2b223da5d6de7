/**
 * Tells when an agent goes in circles: the same calls with the same observations, over and over, in cycles of one to five
 * steps. An output that changes (polling a job) is progress, and breaks a cycle. Pure over the events.
 */
import { createHash } from 'node:crypto';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';

export const longestCycle = 5;
export const softRepeats = 3;
export const hardRepeats = 5;

export interface Streak {
  /** Steps of one cycle, and how often it has come one after another. */
  length: number;
  repeats: number;
  /** The agent has been told during this streak. */
  nudged: boolean;
}

/** The streak that the last step belongs to, if it has come often enough to matter; the shortest cycle counts. */
export function currentStreak(events: readonly TrajectoryEvent[]): Streak | null {
  const signatures = latestSignatures(events);
  const steps = events.filter((event) => event.type === 'model').length;
  for (let length = 1; length <= longestCycle; length += 1) {
    const repeats = repeatsAtEnd(signatures, length);
    if (repeats < softRepeats) continue;
    const firstStep = steps - repeats * length + 1;
    const nudged = events.some(
      (event) => event.type === 'notice' && event.kind === 'looping' && event.step >= firstStep,
    );
    return { length, repeats, nudged };
  }
  return null;
}

function repeatsAtEnd(signatures: readonly string[], length: number): number {
  let same = 0;
  for (let at = signatures.length - 1; at >= length && signatures[at] === signatures[at - length]; at -= 1) same += 1;
  return Math.floor(same / length) + (signatures.length >= length ? 1 : 0);
}

/** One signature for each of the last steps: what was called and what was seen, in the order of the calls. */
function latestSignatures(events: readonly TrajectoryEvent[]): string[] {
  const seen = new Map<string, string>();
  for (const event of events)
    if (event.type === 'observation')
      seen.set(event.callId, `${event.observation.outcome}\n${withoutFooter(event.observation.text)}`);
  const answers = events.filter((event) => event.type === 'model').slice(-longestCycle * hardRepeats);
  return answers.map((event) => {
    const acts = event.calls.map(({ id, name, arguments: args }) => [name, sorted(args), seen.get(id) ?? id]);
    const said = event.calls.length === 0 ? event.reason : '';
    return createHash('sha256')
      .update(JSON.stringify([acts, said]))
      .digest('hex');
  });
}

/** Duration, step and time left change with every observation and say nothing about it. */
function withoutFooter(text: string): string {
  return text.replace(/(^|\n)\[[^\n]*\]$/, '');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries: [string, unknown][] = Object.entries(value);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
