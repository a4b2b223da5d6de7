/** Trajectories for tests of the agent: events as the loop would write them, step by step. */
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { draftContext } from './operatorContext.ts';

export interface StepOptions {
  tool?: string;
  args?: unknown;
  reason?: string;
  text?: string;
  outcome?: 'ok' | 'error' | 'invalid_call';
  /** What the provider says the request had. */
  input?: number;
}

/** A started trajectory that grows with `step`, `notice` and `add`. */
export class Trajectory {
  readonly events: TrajectoryEvent[];
  #steps = 0;

  constructor(prompt = 'the task') {
    const context = draftContext();
    this.events = [{ type: 'started', at: 0, model: 'test', systemPrompt: '', prompt, seed: 1, context }];
  }

  /** One answer with one call, and its observation. */
  step({ tool = 'bash', args, reason = '', text = 'done', outcome = 'ok', input = 0 }: StepOptions = {}): this {
    this.#steps += 1;
    const step = this.#steps;
    const call = { id: `call-${step}`, name: tool, arguments: args ?? { command: `command ${step}` } };
    const usage = { input, cachedInput: 0, output: 0, thoughts: 0 };
    return this.add(
      { type: 'model', at: step, step, reason, calls: [call], finish: 'STOP', usage, durationMs: 1 },
      {
        type: 'observation',
        at: step,
        step,
        callId: call.id,
        observation: { text: `${text}\n[${outcome} · ${step}.1 s · step ${step}/60]`, outcome, durationMs: 100 },
      },
    );
  }

  notice(kind: string, text = kind): this {
    return this.add({ type: 'notice', at: this.#steps, step: this.#steps, kind, text });
  }

  add(...events: TrajectoryEvent[]): this {
    this.events.push(...events);
    return this;
  }
}

type Compacted = Extract<TrajectoryEvent, { type: 'compacted' }>;

export function compacted(change: Partial<Compacted>): Compacted {
  return {
    type: 'compacted',
    at: 0,
    step: 1,
    how: 'cut',
    why: 'budget',
    maskedThrough: 0,
    cutThrough: 0,
    tokensBefore: 0,
    tokensAfter: 0,
    ...change,
  };
}
