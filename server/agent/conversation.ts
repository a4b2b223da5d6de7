/**
 * An agent's conversation with its model: what it is shown, and how often it is asked. A request that grows too long is
 * compacted first; an answer that cannot be used is drawn again twice before the agent hears of it. Whatever was paid for and
 * not used is written down.
 */
import type { OperatorMode } from '../../protocol/runSwitches.ts';
import type { ToolCall, TrajectoryEvent } from '../../protocol/trajectory.ts';
import { BudgetExhaustedError } from '../models/budget/budget.ts';
import type { TrajectoryLog } from '../models/budget/trajectoryAccount.ts';
import {
  type ChatModel,
  ChatModelError,
  type GenerateRequest,
  type GenerateResponse,
  type ToolSpec,
  unusable,
} from '../models/chatModel.ts';
import type { OperatorContext } from '../models/operatorContext.ts';
import { askModel } from './askModel.ts';
import { contextBudget, type Horizon, horizonOf, planAfterOverflow, planCut, planMask } from './compaction.ts';
import { TrajectoryEnd } from './limits.ts';
import { systemPrompt } from './prompt.ts';
import { providerScale, requestTokens } from './requestSize.ts';
import { snapshotIn, snapshotRequest, snapshotTokens } from './snapshot.ts';
import { toolSpecs } from './tools.ts';
import { messagesOf, stepsOf, stoodStillMs } from './transcript.ts';
import { maxResamples, mustCall, resamplesOf } from './unusableAnswers.ts';
import { workingState } from './workingState.ts';

type CompactedEvent = Extract<TrajectoryEvent, { type: 'compacted' }>;
type DiscardCause = Extract<TrajectoryEvent, { type: 'discarded' }>['cause'];

export interface Answer extends GenerateResponse {
  /** Without the time that the provider made us wait. */
  durationMs: number;
  /** That time: nobody's working time. */
  parkedMs: number;
}

export interface ConversationOptions {
  model: ChatModel;
  context: OperatorContext;
  seed: number;
  /** Names the trajectory to the model's layer. */
  agent: string;
  log: TrajectoryLog;
  signal: AbortSignal;
  now: () => number;
  /** Step and time left, in words. */
  standing: () => string;
  /** Milliseconds of work that are left; a call gets somewhat more, so that a last turn can be finished. */
  remainingMs: () => number;
  /** Those left to the run: they do not stand still while the agent waits for its provider. */
  runRemainingMs: () => number;
  /** Default: all tools of an agent that works in a sandbox. */
  tools?: readonly ToolSpec[];
  /** Default: `react`. */
  operators?: OperatorMode;
}

/** An answer as it is written down. */
export function modelEvent(answer: Answer, step: number, at: number): Extract<TrajectoryEvent, { type: 'model' }> {
  const calls: ToolCall[] = [];
  let reason = '';
  for (const part of answer.parts) {
    if (part.type === 'text') reason += part.text;
    else if (part.type === 'call') calls.push({ id: part.id, name: part.name, arguments: part.arguments });
  }
  const { finish, usage, durationMs, parkedMs, native } = answer;
  return {
    type: 'model',
    at,
    step,
    reason,
    calls,
    finish: finish.raw,
    usage,
    durationMs,
    parkedMs,
    ...(native === undefined ? {} : { native }),
  };
}

/** A last turn may begin when there is next to no time left. */
const lastTurnMs = 120_000;

export class Conversation {
  readonly #options: ConversationOptions;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /**
   * The model's next answer. It may lack a usable call: then it has been asked for often enough.
   * @param isLast nothing but `submit` is offered
   * @throws {TrajectoryEnd} withheld for good, or too long even with everything left out; else as `askModel`
   */
  async next({ isLast }: { isLast: boolean }): Promise<Answer> {
    await this.#keepInBudget();
    for (;;) {
      const answer = await this.#ask(isLast);
      if ('tooLongAfterMs' in answer) {
        await this.#shorten(answer.tooLongAfterMs);
        continue;
      }
      const cause = unusable(answer);
      if (cause === null) return answer;
      const isDrawnAgain = resamplesOf(this.#events) < maxResamples;
      if (!isDrawnAgain && cause === 'malformed') return answer;
      await this.#discard(cause, answer);
      if (!isDrawnAgain)
        throw new TrajectoryEnd('failed', `the provider withheld ${maxResamples + 1} answers (${answer.finish.raw})`);
    }
  }

  get #events(): readonly TrajectoryEvent[] {
    return this.#options.log.events;
  }

  get #tools(): ToolSpec[] {
    return [...(this.#options.tools ?? toolSpecs)];
  }

  async #ask(isLast: boolean): Promise<Answer | { tooLongAfterMs: number }> {
    const attempt = resamplesOf(this.#events);
    const started = this.#options.now();
    try {
      return await this.#generate({
        messages: messagesOf(this.#events),
        tools: this.#tools.filter((tool) => !isLast || tool.name === 'submit'),
        toolMode: isLast || mustCall(this.#events) ? 'required' : 'auto',
        maxOutputTokens: this.#budget().output,
        // The same request with the same seed would give the same answer again.
        seed: this.#options.seed + attempt,
        caller: { agent: this.#options.agent, step: this.#step, purpose: 'act', attempt },
      });
    } catch (error) {
      if (ChatModelError.is(error) && error.kind === 'context_overflow')
        return { tooLongAfterMs: Math.max(0, this.#options.now() - started) };
      throw error;
    }
  }

  /** One call with patience, its cost written down whatever comes of it. */
  async #generate(
    request: Pick<GenerateRequest, 'messages' | 'tools' | 'toolMode' | 'maxOutputTokens' | 'seed' | 'caller'>,
  ): Promise<Answer> {
    const { model, context, operators, signal, now, remainingMs, runRemainingMs } = this.#options;
    const started = now();
    const asked = this.#events.length;
    const ownMs = remainingMs();
    const limitMs = () => Math.max(0, Math.min(ownMs, runRemainingMs())) + lastTurnMs;
    const isOnlyTurn = operators === 'single-turn';
    const whole = { ...request, system: systemPrompt(context, operators), context, signal, limitMs, isOnlyTurn };
    const stillMs = () => {
      // A look at the clock has the events tell of what nobody has seen yet.
      now();
      return stoodStillMs(this.#events.slice(asked));
    };
    try {
      const { response, parkedMs } = await askModel(model, whole, (broken, brokenAfterMs) =>
        this.#discard('incomplete', { ...broken, durationMs: now() - started, parkedMs: brokenAfterMs }),
      );
      return { ...response, durationMs: Math.max(0, now() - started - parkedMs - stillMs()), parkedMs };
    } catch (error) {
      const isOver = error instanceof TrajectoryEnd && error.reason === 'time_limit';
      // Its limit ran on while everything stood still.
      if (isOver && stillMs() > 0) return this.#generate(request);
      throw error;
    }
  }

  /** Masks old outputs in batches; when that is not enough, has older steps replaced by a snapshot. */
  async #keepInBudget(): Promise<void> {
    const budget = this.#budget();
    const scale = providerScale(this.#events);
    const mask = planMask(this.#events, budget, scale);
    if (mask !== null) await this.#compact(this.#compaction('masked', 'budget', mask));
    if (requestTokens(this.#events) <= budget.soft) return;
    const horizon = planCut(this.#events, budget.kept, scale);
    if (horizon === null) return;
    const cut = this.#compaction('cut', 'budget', horizon);
    // Where task and parents themselves fill the context there is nothing to gain by forgetting the work.
    if (cut.tokensBefore - cut.tokensAfter < budget.leastGain) return;
    await this.#compact((await this.#snapshot(cut)) ?? cut);
  }

  /** After a refusal as too long: deterministic, since a model that cannot read the conversation cannot sum it up. */
  async #shorten(parkedMs: number): Promise<void> {
    const horizon = planAfterOverflow(this.#events);
    if (horizon === null)
      throw new TrajectoryEnd('failed', 'the task alone is too long for this model: choose one with a longer context');
    const cuts = horizon.cutThrough > horizonOf(this.#events).cutThrough;
    await this.#compact({ ...this.#compaction(cuts ? 'cut' : 'masked', 'overflow', horizon), parkedMs });
  }

  /**
   * The same cut with the model's own notes in place of what is left out; null where it wrote none, or such as save nothing.
   * It is not asked again in a trajectory once it has failed.
   */
  async #snapshot(cut: CompactedEvent): Promise<CompactedEvent | null> {
    if (this.#events.some(isRefusedSnapshot)) return null;
    const started = this.#options.now();
    try {
      const answer = await this.#generate({
        messages: [...messagesOf(this.#events), { role: 'user', parts: [{ type: 'text', text: snapshotRequest }] }],
        tools: this.#tools,
        toolMode: 'none',
        maxOutputTokens: Math.min(snapshotTokens, this.#budget().output),
        seed: this.#options.seed,
        caller: { agent: this.#options.agent, step: this.#step, purpose: 'snapshot', attempt: 0 },
      });
      const snapshot = snapshotIn(answer);
      const { usage, durationMs, parkedMs } = answer;
      const event = this.#sized({ ...cut, how: 'snapshot', snapshot: snapshot ?? '', usage, durationMs, parkedMs });
      if (snapshot !== null && event.tokensAfter < event.tokensBefore - this.#budget().leastGain) return event;
      await this.#discard('snapshot', answer);
    } catch (error) {
      // Without notes there may be room for another turn.
      if (error instanceof BudgetExhaustedError) return null;
      const isOver = error instanceof TrajectoryEnd && error.reason === 'time_limit';
      if (isOver || !(ChatModelError.is(error) || error instanceof TrajectoryEnd)) throw error;
      const usage = { input: 0, cachedInput: 0, output: 0, thoughts: 0 };
      const parkedMs = Math.max(0, this.#options.now() - started);
      await this.#discard('snapshot', { finish: { raw: error.message }, usage, durationMs: 0, parkedMs });
    }
    return null;
  }

  #compaction(how: 'masked' | 'cut', why: CompactedEvent['why'], horizon: Horizon): CompactedEvent {
    const { now, standing, context } = this.#options;
    const common = {
      type: 'compacted',
      at: now(),
      step: this.#step - 1,
      how,
      why,
      tokensBefore: 0,
      tokensAfter: 0,
    } as const;
    if (how === 'masked') return this.#sized({ ...common, maskedThrough: horizon.maskedThrough, cutThrough: 0 });
    return this.#sized({
      ...common,
      maskedThrough: 0,
      cutThrough: horizon.cutThrough,
      ...(horizon.snapshot === null ? {} : { snapshot: horizon.snapshot }),
      state: workingState(this.#events, context.task, standing()),
    });
  }

  #sized(event: CompactedEvent): CompactedEvent {
    const tokensBefore = requestTokens(this.#events);
    return { ...event, tokensBefore, tokensAfter: requestTokens([...this.#events, event]) };
  }

  #compact(event: CompactedEvent): Promise<void> {
    // Its snapshot was waited for.
    return this.#options.log.append({ ...event, at: this.#options.now() });
  }

  #discard(
    cause: DiscardCause,
    {
      finish,
      usage,
      durationMs,
      parkedMs,
    }: Pick<Answer, 'usage' | 'durationMs' | 'parkedMs'> & {
      finish: { raw: string };
    },
  ): Promise<void> {
    const { log, now } = this.#options;
    const took = { usage, durationMs, parkedMs };
    return log.append({ type: 'discarded', at: now(), step: this.#step, cause, finish: finish.raw, ...took });
  }

  #budget() {
    return contextBudget(this.#options.model.info.contextTokens, this.#events);
  }

  /** The step that the next answer is for. */
  get #step(): number {
    return stepsOf(this.#events) + 1;
  }
}

const isRefusedSnapshot = (event: TrajectoryEvent) =>
  (event.type === 'discarded' && event.cause === 'snapshot') ||
  (event.type === 'no_room' && event.purpose === 'snapshot');
