/** A trajectory's events as the messages a model reads. Pure, so that a resumed agent reads exactly what the first one did. */
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { ChatMessage, MessagePart } from '../models/chatModel.ts';
import type { EndReason } from './limits.ts';
import { parseToolCall } from './tools.ts';

/** Messages alternate user, model, user, …; consecutive words to the agent share one message. */
export function messagesOf(events: readonly TrajectoryEvent[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  const toolNames = new Map<string, string>();
  const say = (part: MessagePart) => {
    const last = messages.at(-1);
    if (last?.role === 'user') last.parts.push(part);
    else messages.push({ role: 'user', parts: [part] });
  };
  for (const event of events) {
    switch (event.type) {
      case 'started':
        say({ type: 'text', text: event.prompt });
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
      case 'observation':
        say({
          type: 'result',
          callId: event.callId,
          name: toolNames.get(event.callId) ?? 'unknown',
          text: event.observation.text,
          isError: event.observation.outcome !== 'ok',
        });
        break;
      case 'notice':
        say({ type: 'text', text: event.text });
        break;
      case 'discarded':
      case 'compacted':
      case 'rehearsed':
      case 'resumed':
      case 'ended':
        break;
    }
  }
  return messages;
}

/** The step an agent is at: how many times a model has answered. */
export function stepsOf(events: readonly TrajectoryEvent[]): number {
  return events.filter((event) => event.type === 'model').length;
}

/** Milliseconds the agent has been at work: gaps before a resume were downtime and do not count. */
export function activeMsOf(events: readonly TrajectoryEvent[]): number {
  let total = 0;
  for (const [index, event] of events.entries()) {
    const previous = events[index - 1];
    if (previous !== undefined && event.type !== 'resumed') total += Math.max(0, event.at - previous.at);
  }
  return total;
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
}

/**
 * The outcome that a log already holds, or null while it is open. A submission counts from its observation on: the program
 * was on disk before that line.
 */
export function outcomeOf(events: readonly TrajectoryEvent[]): AgentResult | null {
  const steps = stepsOf(events);
  const ended = events.findLast((event) => event.type === 'ended');
  if (ended?.type === 'ended') return { reason: ended.reason, detail: ended.detail ?? '', steps };
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
