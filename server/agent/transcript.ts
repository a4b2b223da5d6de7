/** A trajectory's events as the messages a model reads. Pure, so that a resumed agent reads exactly what the first one did. */
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { ChatMessage, MessagePart } from '../models/chatModel.ts';
import { type Horizon, horizonOf, maskedText, visibleEvents } from './compaction.ts';
import type { EndReason } from './limits.ts';
import { rehearsedIdea } from './rehearsal.ts';
import { parseToolCall } from './tools.ts';

/** Messages alternate user, model, user, …; consecutive words to the agent share one message. */
export function messagesOf(events: readonly TrajectoryEvent[]): ChatMessage[] {
  const horizon = horizonOf(events);
  const messages: ChatMessage[] = [];
  const toolNames = new Map<string, string>();
  const say = (part: MessagePart) => {
    const last = messages.at(-1);
    if (last?.role === 'user') last.parts.push(part);
    else messages.push({ role: 'user', parts: [part] });
  };
  for (const event of visibleEvents(events, horizon)) {
    switch (event.type) {
      case 'started':
        say({ type: 'text', text: event.prompt });
        if (horizon.cutThrough > 0) say({ type: 'text', text: inPlaceOfCut(horizon) });
        break;
      case 'model': {
        const parts: MessagePart[] = [];
        if (event.reason !== '') parts.push({ type: 'text', text: event.reason });
        for (const call of event.calls) {
          toolNames.set(call.id, call.name);
          parts.push({ type: 'call', id: call.id, name: call.name, arguments: call.arguments });
        }
        if (parts.length === 0) parts.push({ type: 'text', text: '' });
        messages.push(
          event.native === undefined ? { role: 'model', parts } : { role: 'model', parts, native: event.native },
        );
        break;
      }
      case 'observation': {
        const { text, outcome, fullTextPath } = event.observation;
        say({
          type: 'result',
          callId: event.callId,
          name: toolNames.get(event.callId) ?? 'unknown',
          text: event.step <= horizon.maskedThrough ? maskedText(text, fullTextPath) : text,
          isError: outcome !== 'ok',
        });
        break;
      }
      case 'notice':
        say({ type: 'text', text: event.text });
        break;
      case 'discarded':
      case 'compacted':
      case 'rehearsed':
      case 'near_duplicate':
      case 'reserved':
      case 'charge':
      case 'no_room':
      case 'resumed':
      case 'stood_still':
      case 'ended':
        break;
    }
  }
  return messages;
}

function inPlaceOfCut({ cutThrough, snapshot, state }: Horizon): string {
  const words = snapshot === null ? [] : [`## Your notes on them\n\n${snapshot}`];
  return [
    `# Steps 1 to ${cutThrough} are left out here to save room. The sandbox is as you left it.`,
    ...words,
    ...(state === null ? [] : [`## What the engine knows of your work so far\n\n${state}`]),
  ].join('\n\n');
}

/** The step an agent is at: how many times a model has answered. */
export function stepsOf(events: readonly TrajectoryEvent[]): number {
  return events.filter((event) => event.type === 'model').length;
}

/**
 * Milliseconds the agent has been at work: gaps before a resume were downtime, time in which the provider could not answer
 * was the provider's (invariant 5), and time in which everything stood still was nobody's. How much of a call was the
 * provider's is told by what came of it: of a call that was cut off before, nothing counts.
 */
export function activeMsOf(events: readonly TrajectoryEvent[]): number {
  let total = 0;
  /** Since something began that nothing has come of yet. */
  let open = 0;
  for (const [index, event] of events.entries()) {
    open += Math.max(0, event.at - (events[index - 1]?.at ?? event.at));
    switch (event.type) {
      case 'reserved':
      case 'charge':
        continue;
      case 'stood_still':
        open = Math.max(0, open - event.parkedMs);
        continue;
      // Down until then; and what had no room had waited, for the provider or for calls of others to end.
      case 'resumed':
      case 'no_room':
        break;
      default:
        // What was waited for the provider may hold some of a standstill.
        total += Math.max(0, open - ('parkedMs' in event ? (event.parkedMs ?? 0) : 0));
    }
    open = 0;
  }
  return total + open;
}

/** Milliseconds in which everything stood still. */
export function stoodStillMs(events: readonly TrajectoryEvent[]): number {
  return events.reduce((sum, event) => sum + (event.type === 'stood_still' ? event.parkedMs : 0), 0);
}

/** Calls of the last answer that nothing has answered yet: what a crash may have cut off. */
export function unansweredCalls(events: readonly TrajectoryEvent[]) {
  const answered = new Set<string>();
  for (const event of events) if (event.type === 'observation') answered.add(event.callId);
  const last = events.findLast((event) => event.type === 'model');
  return last?.type === 'model' ? last.calls.filter((call) => !answered.has(call.id)) : [];
}

/** How a trajectory came out; `detail` is the summary of a submission, else what went wrong. */
export interface AgentResult {
  reason: EndReason;
  detail: string;
  steps: number;
  /** Set where the engine submitted the last program that it had seen run to its end: what the agent had said of it. */
  autosubmitted?: string;
}

/**
 * The outcome that a log already holds, or null while it is open. A submission counts from its observation on: the program
 * was on disk before that line.
 */
export function outcomeOf(events: readonly TrajectoryEvent[]): AgentResult | null {
  const steps = stepsOf(events);
  const ended = events.findLast((event) => event.type === 'ended');
  if (ended?.type === 'ended') {
    const { reason, detail = '' } = ended;
    return { reason, detail, steps, ...(ended.autosubmitted === true ? { autosubmitted: rehearsedIdea(events) } : {}) };
  }
  const accepted = new Set<string>();
  for (const event of events)
    if (event.type === 'observation' && event.observation.outcome === 'ok') accepted.add(event.callId);
  const last = events.findLast((event) => event.type === 'model');
  for (const call of last?.type === 'model' ? last.calls : []) {
    if (call.name !== 'submit' || !accepted.has(call.id)) continue;
    const parsed = parseToolCall(call.name, call.arguments);
    if ('request' in parsed && parsed.request.name === 'submit')
      return { reason: 'submitted', detail: parsed.request.summary, steps };
  }
  return null;
}
