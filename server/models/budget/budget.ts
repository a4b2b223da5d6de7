/**
 * Nested budgets: a run's, and in it each candidate's. The most that a call can take is reserved in all of them before it is
 * made, so that many agents together never take more than there is. Each trajectory also holds back enough for one last turn,
 * in which it hands in what it has.
 */

export interface Amount {
  tokens: number;
  costUsd: number;
}

export interface Limits {
  tokens: number | null;
  costUsd: number | null;
}

const nothing: Amount = { tokens: 0, costUsd: 0 };

export type BudgetScope = 'run' | 'candidate';

/** New candidates are started up to this share of a run's budget; the rest is for those that are at work. */
export const softShare = 0.8;
/** Sums of many small amounts do not meet a bound exactly. */
const tolerance = 1e-9;

/** There is no room for another call, whatever the calls under way turn out to take. */
export class BudgetExhaustedError extends Error {
  override readonly name = 'BudgetExhaustedError';
  readonly scope: BudgetScope;
  /** What was lacking, where that is known: not of a refusal that is read from a recording. */
  readonly lack: { limits: Limits; needed: Amount } | null;
  /** @param lack `needed`: the most that the call and what has to be held back after it may take */
  constructor(scope: BudgetScope, message: string, lack: { limits: Limits; needed: Amount } | null = null) {
    super(message);
    this.scope = scope;
    this.lack = lack;
  }
}

type Room = 'fits' | 'later' | 'never';

export class Budget {
  readonly scope: BudgetScope;
  #limits: Limits;
  readonly #parent: Budget | null;
  #spent: Amount;
  /** Reserved by calls under way. */
  #inCalls = nothing;
  /** Held back for last turns. */
  #held = nothing;
  /** Told whenever something comes free; kept by the outermost budget. */
  #waiting: (() => void)[] = [];
  /** A call was refused here: nothing new should be begun. */
  #hasRefused = false;

  private constructor(scope: BudgetScope, limits: Limits, spent: Amount, parent: Budget | null) {
    this.scope = scope;
    this.#limits = limits;
    this.#spent = { ...spent };
    this.#parent = parent;
  }

  /** @param spent what a resumed run has taken already */
  static ofRun(limits: Limits, spent: Amount = nothing): Budget {
    return new Budget('run', limits, spent, null);
  }

  /** @param spent what its trajectory has taken already: counted here, and taken to be counted in the run's */
  ofCandidate(limits: Limits, spent: Amount = nothing): Budget {
    return new Budget('candidate', limits, spent, this);
  }

  get limits(): Limits {
    return this.#limits;
  }

  get spent(): Amount {
    return { ...this.#spent };
  }

  /** Neither this budget nor one around it has a bound. */
  get isUnlimited(): boolean {
    const { tokens, costUsd } = this.limits;
    return tokens === null && costUsd === null && (this.#parent?.isUnlimited ?? true);
  }

  /** Raises the bounds that there are; where there is none, there stays none. What waits for room is looked at again. */
  extend(by: Amount): void {
    const { tokens, costUsd } = this.#limits;
    this.#limits = {
      tokens: tokens === null ? null : tokens + by.tokens,
      costUsd: costUsd === null ? null : costUsd + by.costUsd,
    };
    this.#hasRefused = false;
    this.#change({});
  }

  /** Why nothing new should be started, or null. */
  softEnd(): string | null {
    const { tokens, costUsd } = this.limits;
    if (this.#hasRefused) return this.#noRoomWords();
    const percent = Math.round(softShare * 100);
    if (costUsd !== null && this.#spent.costUsd >= softShare * costUsd - tolerance)
      return `${percent} % of the cost budget of $${costUsd} is spent`;
    if (tokens !== null && this.#spent.tokens >= softShare * tokens - tolerance)
      return `${percent} % of the budget of ${tokens} tokens is used`;
    return null;
  }

  /**
   * Reserves `call`, and makes what is held back for the last turn at least `hold`. Waits while only calls under way are in
   * the way: most take less than they reserved. A trajectory that has not begun also waits for those that have to end.
   * @param held what the trajectory holds back already; the call is taken from it where `hold` is null: the last turn. An
   *   answer to that sets free what is left; without one it is held back for the next try
   * @throws {BudgetExhaustedError} whatever comes of the calls under way; the signal's reason if it fires first
   */
  async reserve(call: Amount, hold: Amount | null, held: Hold, signal: AbortSignal): Promise<Reservation> {
    for (;;) {
      signal.throwIfAborted();
      const more = hold === null ? shortfall(call, held.amount) : plus(call, shortfall(hold, held.amount));
      const [room, budget] = this.#roomFor(more, !held.wasUsed);
      if (room === 'never') {
        budget.#hasRefused = true;
        throw new BudgetExhaustedError(budget.scope, budget.#noRoomWords(), { limits: budget.limits, needed: more });
      }
      if (room === 'fits') {
        if (hold === null) held.setTo(shortfall(held.amount, call));
        else held.raiseTo(hold);
        this.#change({ inCalls: call });
        return new Reservation(call, (actual, isAnswered) => {
          this.#change({ spent: actual, inCalls: negative(call) });
          // Whoever waits looks at it only when both are done.
          if (hold === null) held.setTo(isAnswered ? nothing : shortfall(plus(held.amount, call), actual));
        });
      }
      await this.#outermost.#nextChange(signal);
    }
  }

  /**
   * What one trajectory holds back. Release it when that ends.
   * @param again what it held back before, where it is taken up again. If others have taken the room meanwhile it is nothing,
   *   and the trajectory waits like one that has not begun: half of it would pay for no turn, and stand in the way of others'
   */
  hold(again: Amount | null = null): Hold {
    const hold = new Hold((amount) => this.#change({ held: amount }));
    if (again !== null && this.#roomFor(again, false)[0] === 'fits') hold.raiseTo(again);
    return hold;
  }

  #noRoomWords(): string {
    const { tokens, costUsd } = this.limits;
    const bounds = [...(costUsd === null ? [] : [`$${costUsd}`]), ...(tokens === null ? [] : [`${tokens} tokens`])];
    return `the budget of the ${this.scope} (${bounds.join(', ')}) has no room for another call`;
  }

  get #outermost(): Budget {
    return this.#parent === null ? this : this.#parent.#outermost;
  }

  #roomFor(more: Amount, isFirst: boolean): [Room, Budget] {
    const own = this.#ownRoom(more, isFirst);
    if (own !== 'fits' || this.#parent === null) return [own, this];
    return this.#parent.#roomFor(more, isFirst);
  }

  #ownRoom(more: Amount, isFirst: boolean): Room {
    let room: Room = 'fits';
    for (const kind of ['tokens', 'costUsd'] as const) {
      const limit = this.limits[kind];
      if (limit === null) continue;
      // What others hold back comes free when they end.
      const stays = this.#spent[kind] + (isFirst ? 0 : this.#held[kind]);
      if (stays + more[kind] > limit + tolerance) return 'never';
      if (this.#spent[kind] + this.#held[kind] + this.#inCalls[kind] + more[kind] > limit + tolerance) room = 'later';
    }
    return room;
  }

  #change(by: { spent?: Amount; inCalls?: Amount; held?: Amount }): void {
    if (by.spent !== undefined) this.#spent = plus(this.#spent, by.spent);
    if (by.inCalls !== undefined) this.#inCalls = plus(this.#inCalls, by.inCalls);
    if (by.held !== undefined) this.#held = plus(this.#held, by.held);
    if (this.#parent !== null) {
      this.#parent.#change(by);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.push(wake);
    });
  }
}

/** What a trajectory holds back for its last turn. */
export class Hold {
  #amount: Amount = nothing;
  #wasUsed = false;
  readonly #change: (by: Amount) => void;

  constructor(change: (by: Amount) => void) {
    this.#change = change;
  }

  get amount(): Amount {
    return this.#amount;
  }

  /** Its trajectory has made a call. */
  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  /** Never lowers it. */
  raiseTo(amount: Amount): void {
    this.setTo(plus(this.#amount, shortfall(amount, this.#amount)));
  }

  setTo(amount: Amount): void {
    this.#wasUsed = true;
    const by = plus(amount, negative(this.#amount));
    this.#amount = amount;
    this.#change(by);
  }

  /** Idempotent. */
  release(): void {
    this.setTo(nothing);
  }
}

/** What one call has reserved, until it is settled. */
export class Reservation {
  readonly amount: Amount;
  readonly #onSettled: (actual: Amount, isAnswered: boolean) => void;
  #isOpen = true;

  constructor(amount: Amount, onSettled: (actual: Amount, isAnswered: boolean) => void) {
    this.amount = amount;
    this.#onSettled = onSettled;
  }

  /**
   * Once only; later calls change nothing.
   * @param options.isAnswered false: nothing came of the call that its trajectory can use, and it may be made again
   */
  settle(actual: Amount, { isAnswered = true }: { isAnswered?: boolean } = {}): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onSettled(actual, isAnswered);
  }
}

const plus = (a: Amount, b: Amount): Amount => ({ tokens: a.tokens + b.tokens, costUsd: a.costUsd + b.costUsd });
const negative = ({ tokens, costUsd }: Amount): Amount => ({ tokens: -tokens, costUsd: -costUsd });
/** What `have` lacks of `need`. */
const shortfall = (need: Amount, have: Amount): Amount => ({
  tokens: Math.max(0, need.tokens - have.tokens),
  costUsd: Math.max(0, need.costUsd - have.costUsd),
});
