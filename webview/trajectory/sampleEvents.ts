/** Events for tests and for looking at the panel: made up, in the form of real ones. */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import type { Observation, TrajectoryEvent } from '../../protocol/trajectory.ts';

export const began = Date.UTC(2026, 0, 5, 9);
const usage = { input: 12_000, cachedInput: 8000, output: 600, thoughts: 200 };

/** Numbers events in the order in which they are written. */
export function itemsOf(events: readonly TrajectoryEvent[]): TrajectoryItem[] {
  return events.map((event, index) => ({ index, event }));
}

export function started(at = began): TrajectoryEvent {
  return {
    type: 'started',
    at,
    model: 'gemini:pro',
    systemPrompt: 'You research.',
    prompt: 'Improve it.',
    seed: 7,
    context: null,
  };
}

/** An answer of the model that took 10 s, with one call. */
export function answer(
  step: number,
  at: number,
  { tool = 'python', code = 'print(1)', reason = 'I look.', parkedMs = 0, durationMs = 10_000 } = {},
): TrajectoryEvent {
  const name = { python: 'code', bash: 'command', submit: 'summary' }[tool] ?? 'x';
  return {
    type: 'model',
    at,
    step,
    reason,
    calls: [{ id: `call-${step}`, name: tool, arguments: { [name]: code } }],
    finish: 'tool_calls',
    usage,
    costUsd: 0.0123,
    durationMs,
    parkedMs,
  };
}

export function observed(step: number, at: number, observation: Partial<Observation> = {}): TrajectoryEvent {
  return {
    type: 'observation',
    at,
    step,
    callId: `call-${step}`,
    observation: {
      text: 'ok\n[ok · 5.0 s · step 1/60 · 13 min left]',
      outcome: 'ok',
      durationMs: 5000,
      ...observation,
    },
  };
}
