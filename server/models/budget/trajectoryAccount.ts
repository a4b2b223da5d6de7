/**
 * Keeps the account of one trajectory: every call is reserved before it is sent, admitted by the governor, and settled with
 * what it took, whatever came of it. All of it is on disk in the trajectory itself, so that a killed server neither forgets
 * a cost nor counts one twice.
 */
import type { Price, Spending } from '../../../protocol/cost.ts';
import { addSpending } from '../../../protocol/cost.ts';
import type { TrajectoryEvent, Usage } from '../../../protocol/trajectory.ts';
import {
  type Caller,
  type ChatModel,
  ChatModelError,
  type GenerateRequest,
  type GenerateResponse,
  unusable,
} from '../chatModel.ts';
import type { Governor, Permit } from '../governor/governor.ts';
import { costOf } from '../prices/cost.ts';
import { estimatedUsage } from '../usageEstimate.ts';
import { type Amount, type Budget, BudgetExhaustedError, type Hold, type Reservation } from './budget.ts';
import { openCall, settlementIn, spendingOf, spendingOfCall } from './spendingOf.ts';
import { triesOf } from './triesOf.ts';
import { amountOf, heldBack, knownPrompt, lastTurnOutput, type WorstCase, worstCase } from './worstCase.ts';

export interface TrajectoryLog {
  readonly events: readonly TrajectoryEvent[];
  append(event: TrajectoryEvent): Promise<void>;
}

export interface AccountOptions {
  model: ChatModel;
  /** null: the model is unpriced. */
  price: Price | null;
  log: TrajectoryLog;
  /** Names the trajectory to the governor. */
  agent: string;
  governor: Governor | null;
  /** Of this candidate, within the run's. */
  budget: Budget | null;
  /** In a replay, which has no budget: the calls for which there was no room when it was recorded. */
  refusals?: RecordedRefusals;
  now?: () => number;
}

/** Beyond the deadlines of all providers: a limit that is no sooner changes nothing. */
const longestCallMs = 3_600_000;
/**
 * Why the recorded budget had no room for this call; null: it had.
 * @param isLast it is a last turn @param tries how often it was sent before
 */
export type RecordedRefusals = (caller: Caller, isLast: boolean, tries: number) => BudgetExhaustedError | null;

const nothing: Usage = { input: 0, cachedInput: 0, output: 0, thoughts: 0 };

export class TrajectoryAccount {
  readonly #options: AccountOptions;
  readonly #hold: Hold | null;
  #spending: Spending;
  /** The model as the agent is to use it. */
  readonly model: ChatModel;
  /** The log as the agent is to use it: what a call took is written with its cost. */
  readonly log: TrajectoryLog;

  private constructor(options: AccountOptions) {
    this.#options = options;
    const { model, log, budget, price } = options;
    this.#hold = budget?.hold(heldBack(log.events, price)) ?? null;
    this.#spending = spendingOf(log.events, { open: false });
    this.model = {
      get info() {
        return model.info;
      },
      generate: (request) => this.#generate(request),
    };
    this.log = {
      get events() {
        return log.events;
      },
      append: (event) => this.#append(event),
    };
  }

  /** Settles what a killed server left open: it counts as the most that it can have taken. */
  static async open(options: AccountOptions): Promise<TrajectoryAccount> {
    const account = new TrajectoryAccount(options);
    const cutOff = openCall(options.log.events);
    if (cutOff !== null)
      await account.#charge('cut_off', 'the server was killed while it was under way', cutOff.step, {
        ...cutOff.usage,
        estimated: true,
      });
    return account;
  }

  /** What the trajectory has taken so far; a call under way is not in it. */
  get spending(): Spending {
    return this.#spending;
  }

  /** Gives back what is held for a last turn. */
  close(): void {
    this.#hold?.release();
  }

  async #append(event: TrajectoryEvent): Promise<void> {
    const settled = settlementIn(event);
    if (settled === null) {
      await this.#options.log.append(event);
      return;
    }
    const costUsd = costOf(settled.usage, this.#options.price);
    await this.#options.log.append(withCost(event, costUsd));
    this.#spending = addSpending(this.#spending, spendingOfCall(settled.usage, costUsd));
  }

  #charge(
    cause: Extract<TrajectoryEvent, { type: 'charge' }>['cause'],
    detail: string,
    step: number,
    usage: Usage,
  ): Promise<void> {
    return this.#append({ type: 'charge', at: this.#now(), step, cause, detail, usage });
  }

  async #generate(given: GenerateRequest): Promise<GenerateResponse> {
    const { model, governor, budget, agent, price, log } = this.#options;
    // A model that is none takes nothing of anybody.
    if (!model.info.isLanguageModel) return model.generate(given);
    const began = performance.now();
    const finishing = isFinishing(given);
    const request = finishing && budget !== null && !budget.isUnlimited ? shortened(given) : given;
    const known = knownPrompt(log.events);
    const worst = worstCase(request, known, price);
    const reservation = await this.#reserveOrTell(request, worst, finishing);
    let permit: Permit | null = null;
    try {
      const { input, output } = known?.usage ?? estimatedUsage(worst.characters, 0);
      const tokens = input + output;
      permit = (await governor?.admit({ agent, finishing, tokens, signal: request.signal })) ?? null;
    } catch (error) {
      reservation?.settle(amountOf(nothing, price), { isAnswered: false });
      throw ChatModelError.is(error) ? error : cancelled(request, error);
    }
    if (request.signal.aborted) {
      reservation?.settle(amountOf(nothing, price), { isAnswered: false });
      permit?.cancelled();
      throw cancelled(request, request.signal.reason);
    }
    const waitedMs = performance.now() - began;
    return { ...(await this.#send(request, worst, { reservation, permit })), waitedMs };
  }

  /** What had no room is in the log before anybody hears of it. */
  async #reserveOrTell(
    { caller, signal, isOnlyTurn = false }: GenerateRequest,
    worst: WorstCase,
    isLast: boolean,
  ): Promise<Reservation | null> {
    const { log, refusals } = this.#options;
    const began = performance.now();
    try {
      const recorded = caller === undefined ? null : (refusals?.(caller, isLast, triesOf(log.events)) ?? null);
      if (recorded !== null) throw recorded;
      return await this.#reserve(worst.amount, isLast || isOnlyTurn ? null : worst.lastTurn, signal);
    } catch (error) {
      if (!(error instanceof BudgetExhaustedError)) throw error;
      const { step = 0, purpose = 'act' } = caller ?? {};
      const { scope, message: detail } = error;
      const parkedMs = performance.now() - began;
      await log.append({ type: 'no_room', at: this.#now(), step, purpose, isLast, scope, detail, parkedMs });
      throw error;
    }
  }

  async #reserve(call: Amount, hold: Amount | null, signal: AbortSignal): Promise<Reservation | null> {
    const { budget } = this.#options;
    if (budget === null || this.#hold === null || budget.isUnlimited) return null;
    try {
      return await budget.reserve(call, hold, this.#hold, signal);
    } catch (error) {
      throw signal.aborted ? cancelled({ signal }, error) : error;
    }
  }

  /** Sends the call, and settles it with budget, governor and log before anybody hears what came of it. */
  async #send(
    request: GenerateRequest,
    worst: WorstCase,
    { reservation, permit }: { reservation: Reservation | null; permit: Permit | null },
  ): Promise<GenerateResponse> {
    const { log, price } = this.#options;
    const step = request.caller?.step ?? 0;
    const settle = (usage: Usage, isAnswered: boolean) => reservation?.settle(amountOf(usage, price), { isAnswered });
    let came: number | null = null;
    let response: GenerateResponse;
    try {
      await log.append({
        type: 'reserved',
        at: this.#now(),
        step,
        usage: worst.usage,
        costUsd: costOf(worst.usage, price),
        characters: worst.characters,
      });
      const onPiece = (characters: number) => {
        came = (came ?? 0) + characters;
        request.onPiece?.(characters);
      };
      response = await this.#inTime({ ...request, onPiece });
    } catch (error) {
      if (!ChatModelError.is(error)) {
        // A fault of ours. The call stays open in the log, and counts in full when that is read again.
        settle(worst.usage, false);
        permit?.cancelled();
        throw error;
      }
      const usage = lostUsage(error, worst, came);
      settle(usage, false);
      const told = isOurDoing(error) ? error : (permit?.failed(error) ?? error);
      if (isOurDoing(error)) permit?.cancelled();
      await this.#charge(causeOf(error, usage), error.message, step, usage);
      throw told;
    }
    const { usage, finish } = response;
    settle(usage, isUsable(response));
    if (finish.kind === 'incomplete') {
      const told = permit?.failed(brokenOff(response));
      if (told?.kind === 'conversation_refused') {
        await this.#charge('failed', told.message, step, usage);
        throw told;
      }
    } else permit?.succeeded(usage);
    return response;
  }

  /** @throws {ChatModelError} `out_of_time` when the call has taken all that it may */
  async #inTime(request: GenerateRequest): Promise<GenerateResponse> {
    const { model } = this.#options;
    const { signal } = request;
    const limitMs = request.limitMs?.() ?? longestCallMs;
    if (limitMs >= longestCallMs) return model.generate(request);
    const limit = AbortSignal.timeout(Math.max(0, Math.round(limitMs)));
    try {
      return await model.generate({ ...request, signal: AbortSignal.any([signal, limit]) });
    } catch (error) {
      if (!ChatModelError.is(error) || error.kind !== 'aborted' || signal.aborted) throw error;
      const { usage } = error;
      throw new ChatModelError('out_of_time', 'time was up before the model had answered', {
        cause: error,
        ...(usage === null ? {} : { usage }),
      });
    }
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function withCost(event: TrajectoryEvent, costUsd: number | null): TrajectoryEvent {
  switch (event.type) {
    case 'model':
    case 'discarded':
    case 'charge':
    case 'compacted':
      return { ...event, costUsd };
    default:
      return event;
  }
}

/** Only `submit` is offered, and must be called: the trajectory ends with this turn. */
function isFinishing({ toolMode, tools }: GenerateRequest): boolean {
  return toolMode === 'required' && tools.length === 1;
}

/** What is held back for a last turn is for a short answer. */
function shortened(request: GenerateRequest): GenerateRequest {
  return { ...request, maxOutputTokens: Math.min(request.maxOutputTokens, lastTurnOutput) };
}

function cancelled({ signal }: Pick<GenerateRequest, 'signal'>, error: unknown): unknown {
  if (!signal.aborted) return error;
  return new ChatModelError('aborted', 'The call was cancelled while it waited for the provider.', { cause: error });
}

/** Other answers the agent does not hear of: they are asked for again. */
const isUsable = (response: GenerateResponse) => response.finish.kind !== 'incomplete' && unusable(response) === null;

const brokenOff = ({ finish }: GenerateResponse) =>
  new ChatModelError('network', `the answer broke off (${finish.raw})`);

/** It says nothing of the provider. */
const isOurDoing = ({ kind }: ChatModelError) => kind === 'aborted' || kind === 'out_of_time';

/**
 * What a call that failed was billed, as far as can be known. A refusal costs nothing. Where the answer had begun, or the
 * provider may still be writing it (we gave up, not it), prompt and what came of the answer count.
 * @param came characters; null: not even an empty piece
 */
function lostUsage(error: ChatModelError, { characters }: WorstCase, came: number | null): Usage {
  if (error.usage !== null) return error.usage;
  const gaveUp = isOurDoing(error) || error.kind === 'timeout';
  if (came === null && (!gaveUp || error.status !== null)) return nothing;
  return estimatedUsage(characters, came ?? 0);
}

function causeOf(error: ChatModelError, usage: Usage): Extract<TrajectoryEvent, { type: 'charge' }>['cause'] {
  if (isOurDoing(error)) return 'aborted';
  return usage.input === 0 ? 'refused' : 'failed';
}
