/**
 * What an agent hears of others while it is at work: ideas in flight, and programs that are there already. Everything that
 * it hears is in its trajectory, so that a resumed agent is told nothing twice and a replayed one the same again.
 */
import type { NearDuplicate } from '../../protocol/run.ts';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { ProgramFile } from '../../protocol/worker.ts';

export interface Peers {
  /**
   * What others have said since it was last asked for, in words; null: nothing new. Asked until the agent has an idea of its
   * own.
   * @param step how often its model has answered
   */
  news(step: number): string | null;
  /** The program that this one nearly repeats, in words; null: there is none. Asked once in a trajectory. */
  repeated(files: readonly ProgramFile[], step: number): Promise<{ duplicate: NearDuplicate; words: string } | null>;
}

const longestIdea = 300;
/** An agent that never says `Idea:` has one by now. */
const stepsWithoutIdea = 5;

/** The idea that an agent has stated so far, on a line that begins with `Idea:`; null before it has. */
export function statedIdea(events: readonly TrajectoryEvent[]): string | null {
  let step = 0;
  for (const event of events) {
    if (event.type !== 'model') continue;
    step += 1;
    const stated = ideaIn(event.reason) ?? (step >= stepsWithoutIdea ? firstLine(event.reason) : null);
    if (stated !== null) return stated;
  }
  return null;
}

/** The agent has been told of a near-duplicate: it may insist. */
export function wasToldOfDuplicate(events: readonly TrajectoryEvent[]): boolean {
  return events.some((event) => event.type === 'near_duplicate');
}

function ideaIn(reason: string): string | null {
  const [, words = ''] = /^[\s>*_#-]*idea\s*[*_]*\s*:[\s*_]*(\S.*)$/im.exec(reason) ?? [];
  return words === '' ? null : shortened(words);
}

function firstLine(reason: string): string | null {
  const words = reason.split('\n').find((line) => line.trim() !== '');
  return words === undefined ? null : shortened(words);
}

function shortened(words: string): string {
  return words
    .replaceAll(/\s+/g, ' ')
    .replace(/[\s*_]+$/, '')
    .trim()
    .slice(0, longestIdea);
}
