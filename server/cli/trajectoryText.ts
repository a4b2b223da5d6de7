/** A trajectory as text: what the agent thought, did and saw, step by step. */
import * as z from 'zod';
import { duration } from '../../protocol/duration.ts';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';

const Code = z.union([
  z.object({ command: z.string() }).transform((value) => value.command),
  z.object({ code: z.string() }).transform((value) => value.code),
]);

export function renderTrajectory(events: readonly TrajectoryEvent[]): string {
  return events
    .map(renderEvent)
    .filter((text) => text !== '')
    .join('\n\n');
}

function renderEvent(event: TrajectoryEvent): string {
  switch (event.type) {
    case 'started':
      return `started with ${event.model}, seed ${event.seed} (prompt of ${event.prompt.length} characters; all of it with --json)`;
    case 'model': {
      const calls = event.calls.map((call) => {
        const code = Code.safeParse(call.arguments);
        return `▶ ${call.name}\n${indent(code.success ? code.data : JSON.stringify(call.arguments))}`;
      });
      return [`── step ${event.step} ──`, event.reason.trim(), ...calls].filter((part) => part !== '').join('\n');
    }
    case 'observation':
      return `◀ ${event.observation.outcome}\n${indent(event.observation.text)}`;
    case 'notice':
      return `! ${event.text}`;
    case 'discarded':
      return `! an answer was not used and asked for again (${event.cause}: ${event.finish})`;
    case 'compacted':
      return `! shown less from here on, about ${event.tokensBefore} → ${event.tokensAfter} tokens (${event.why}): ${compaction(event)}`;
    case 'rehearsed':
      return `! ${event.directory} ran to its end and wrote predictions: ${event.files} files kept`;
    case 'near_duplicate':
      return `! nearly the same program as #${event.duplicate.of}: it was told so, and may insist`;
    case 'reserved':
      return '';
    case 'charge':
      return `! a call to the model brought no answer (${event.cause}): ${event.detail}`;
    case 'no_room':
      return `! a call to the model was not made: ${event.detail}`;
    case 'resumed':
      return `! resumed ${event.sandboxKept ? 'in the same sandbox' : 'in a fresh sandbox'}`;
    case 'stood_still':
      return `! the machine stood still for ${duration(event.parkedMs)}: not counted`;
    case 'ended':
      return `── ended: ${event.reason}${event.detail === undefined ? '' : `: ${event.detail}`}${event.autosubmitted === true ? '; the last program that ran to its end was submitted for it' : ''} ──`;
  }
}

function compaction(event: Extract<TrajectoryEvent, { type: 'compacted' }>): string {
  if (event.how === 'masked') return `long outputs up to step ${event.maskedThrough}`;
  const words = [event.snapshot, event.state].filter((part) => part !== undefined).join('\n\n');
  return `steps up to ${event.cutThrough}, for which now stands\n${indent(words)}`;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
