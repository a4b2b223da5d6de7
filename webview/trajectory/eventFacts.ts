/** What panels ask of trajectory events again and again. */
import type { ToolCall, TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { Language } from '../text/codeView.ts';

export type EventOf<Type extends TrajectoryEvent['type']> = Extract<TrajectoryEvent, { type: Type }>;

/** An observation that tells of something that went wrong. */
export function isFailure(event: TrajectoryEvent): boolean {
  return event.type === 'observation' && event.observation.outcome !== 'ok';
}

export interface Action {
  language: Language;
  /** What was run, or the arguments as JSON where the tool is none of ours. */
  code: string;
  /** What stands beside the code: a time limit, a folder. */
  notes: string[];
}

/** A call's arguments as a person reads them. They are the model's own, so nothing is taken for granted. */
export function actionOf({ name, arguments: args }: ToolCall): Action {
  const field = (key: string): unknown =>
    typeof args === 'object' && args !== null && Object.hasOwn(args, key) ? Reflect.get(args, key) : undefined;
  const limit = field('timeout_s');
  const notes = typeof limit === 'number' ? [`${limit} s`] : [];
  const main = { bash: 'command', python: 'code', submit: 'summary' }[name];
  const text = main === undefined ? undefined : field(main);
  if (typeof text !== 'string') return { language: 'json', code: JSON.stringify(args, null, 2) ?? '', notes };
  if (name === 'submit') {
    const directory = field('directory');
    return { language: 'text', code: text, notes: typeof directory === 'string' ? [directory] : [] };
  }
  return { language: name === 'bash' ? 'bash' : 'python', code: text, notes };
}

/** All that a person may look for in an event. */
export function textsOf(event: TrajectoryEvent): string[] {
  switch (event.type) {
    case 'started':
      return [event.systemPrompt, event.prompt];
    case 'model':
      return [event.reason, ...event.calls.flatMap((call) => [call.name, actionOf(call).code])];
    case 'observation':
      return [event.observation.text];
    case 'notice':
      return [event.text];
    case 'near_duplicate':
      return [event.text];
    case 'charge':
    case 'no_room':
      return [event.detail];
    case 'compacted':
      return [event.snapshot ?? '', event.state ?? ''];
    case 'rehearsed':
      return [event.directory];
    case 'ended':
      return [event.reason, event.detail ?? ''];
    case 'discarded':
      return [event.cause, event.finish];
    case 'reserved':
    case 'resumed':
    case 'stood_still':
      return [];
  }
}

/**
 * The line in brackets that the engine puts under each observation (`[ok · 1.2 s · step 5/60 · 13 min left]`), apart from what
 * the program printed.
 */
export function splitFooter(text: string): { output: string; footer: string | null } {
  const at = text.lastIndexOf('\n[');
  const last = at < 0 ? text : text.slice(at + 1);
  if (!/^\[[^\]\n]{1,400}\]\n?$/.test(last) || !last.includes(' · ')) return { output: text, footer: null };
  return { output: at < 0 ? '' : text.slice(0, at), footer: last.trim().slice(1, -1) };
}
