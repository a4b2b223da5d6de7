/**
 * Stands before a provider's quota, for all agents of this process that draw on it: decides who may call when, from what
 * came of the calls before. Waiting here is the provider's time: agents are parked, their clocks stand still, and no
 * failure of the provider is a candidate's (invariant 5).
 */
import type { CallRates } from '../../../protocol/cost.ts';
import type { Usage } from '../../../protocol/trajectory.ts';
import type { ChatModelError } from '../chatModel.ts';
import { AdaptiveLimit, type LimitSettings } from './adaptiveLimit.ts';
import { CallQueue, type Waiting } from './callQueue.ts';
import { type BreakerSettings, CircuitBreaker } from './circuitBreaker.ts';
import { type Clock, systemClock } from './clock.ts';
import { PoisonWatch } from './poisonWatch.ts';
import { SlidingWindow } from './slidingWindow.ts';

export interface GovernorSettings {
  /** Length of the minute that rates are for; a simulation may run faster. */
  windowMs: number;
  concurrency: Partial<LimitSettings>;
  breaker: Partial<BreakerSettings>;
  /** Milliseconds that everybody waits after a rate limit that does not say how long; doubles with each episode in a row. */
  rateLimitPauseMs: number;
  clock: Clock;
}

export const defaultGovernor: GovernorSettings = {
  windowMs: 60_000,
  concurrency: {},
  breaker: {},
  rateLimitPauseMs: 2000,
  clock: systemClock,
};

/** What a call is admitted with. */
export interface CallTurn extends Waiting {
  /** What it will take, about: counts against the rate of tokens until the true number is known. */
  tokens: number;
  signal: AbortSignal;
}

/** Leave to call once. Exactly one of its methods is to be called, when the call has ended. */
export interface Permit {
  /** Milliseconds that its holder waited. */
  readonly waitedMs: number;
  succeeded(usage: Usage): void;
  /** @returns what to throw: the failure itself, or what it has turned out to be */
  failed(error: ChatModelError): ChatModelError;
  /** The caller's own doing: says nothing of the provider. */
  cancelled(): void;
}

export type ProviderState = { kind: 'ok' } | { kind: 'outage'; reason: string };

export interface GovernorStatus {
  state: ProviderState;
  concurrency: number;
  inFlight: number;
  waiting: number;
  answered: number;
  rateLimited: number;
  failed: number;
}

/** A run's place at a governor: the rates that it came with hold for everybody who is there, until it leaves. */
export interface Place extends Disposable {
  readonly governor: Governor;
  /** Again does nothing. */
  leave(): void;
}

interface Waiter extends CallTurn {
  since: number;
  grant: (permit: Permit) => void;
  refuse: (error: unknown) => void;
}

const longestPauseMs = 60_000;
/** What was learnt of a provider is worth keeping as long after the last run: longer than between two probes of an outage. */
const rememberedMs = 10 * 60_000;

export class Governor {
  readonly #settings: GovernorSettings;
  readonly #clock: Clock;
  readonly #queue = new CallQueue<Waiter>();
  readonly #limit: AdaptiveLimit;
  readonly #breaker: CircuitBreaker;
  readonly #requests: SlidingWindow;
  readonly #tokens: SlidingWindow;
  readonly #poison = new PoisonWatch();
  /** The rates of those who are there. */
  readonly #places = new Set<CallRates>();
  readonly #listeners = new Set<(state: ProviderState) => void>();
  #state: ProviderState = { kind: 'ok' };
  #inFlight = 0;
  /** Nobody calls before: the provider's word after a rate limit. */
  #notBefore = Number.NEGATIVE_INFINITY;
  #episodesInARow = 0;
  #counts = { answered: 0, rateLimited: 0, failed: 0 };
  #callOff: (() => void) | null = null;
  #leftAt: number;

  constructor(settings: Partial<GovernorSettings> = {}) {
    this.#settings = { ...defaultGovernor, ...settings };
    this.#clock = this.#settings.clock;
    this.#limit = new AdaptiveLimit(this.#settings.concurrency);
    this.#breaker = new CircuitBreaker(this.#settings.breaker);
    this.#requests = new SlidingWindow(this.#settings.windowMs);
    this.#tokens = new SlidingWindow(this.#settings.windowMs);
    this.#leftAt = this.#clock.now();
  }

  /** Of the rates of all who are there, the strictest hold. Whoever joins leaves when his last call has ended. */
  join(rates: CallRates = {}): Place {
    const own = { ...rates };
    this.#places.add(own);
    this.#keepTo();
    const leave = () => {
      if (!this.#places.delete(own)) return;
      this.#leftAt = this.#clock.now();
      this.#keepTo();
    };
    return { governor: this, leave, [Symbol.dispose]: leave };
  }

  /** Nobody is there, and what was learnt of the provider is old: a new one would do as well. */
  get isForgettable(): boolean {
    const now = this.#clock.now();
    const isIdle = this.#places.size + this.#inFlight + this.#queue.size === 0;
    const waits = Math.max(this.#notBefore - now, this.#breaker.waitMs(now), this.#leftAt + rememberedMs - now);
    return isIdle && waits <= 0;
  }

  status(): GovernorStatus {
    const { calls: concurrency } = this.#limit;
    return { state: this.#state, concurrency, inFlight: this.#inFlight, waiting: this.#queue.size, ...this.#counts };
  }

  /** The provider may be back: one call is let through at once to see. */
  tryAgain(): void {
    this.#breaker.mayBeBack(this.#clock.now());
    this.#pump();
  }

  /** Told of every outage and of its end. @returns how to stop listening */
  subscribe(listener: (state: ProviderState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves when the call may be sent.
   * @throws the signal's reason if it fires first, {ChatModelError} `auth` or `quota_exhausted` if another call found that out
   */
  admit(turn: CallTurn): Promise<Permit> {
    if (turn.signal.aborted) return Promise.reject(turn.signal.reason);
    return new Promise((grant, refuse) => {
      const onAbort = () => {
        if (this.#queue.remove(waiter)) refuse(turn.signal.reason);
        this.#pump();
      };
      const settled = () => turn.signal.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        ...turn,
        since: this.#clock.now(),
        grant: (permit) => {
          settled();
          grant(permit);
        },
        refuse: (error) => {
          settled();
          refuse(error);
        },
      };
      turn.signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.add(waiter);
      this.#pump();
    });
  }

  #keepTo(): void {
    const strictest = (name: keyof CallRates) =>
      Math.min(...[...this.#places].map((rates) => rates[name] ?? Number.POSITIVE_INFINITY));
    this.#requests.limit = strictest('requestsPerMinute');
    this.#tokens.limit = strictest('tokensPerMinute');
    const calls = strictest('concurrency');
    this.#limit.allow(calls === Number.POSITIVE_INFINITY ? null : calls);
    this.#pump();
  }

  /** Sends whoever may go, and wakes again when the next one may. */
  #pump(): void {
    this.#callOff?.();
    this.#callOff = null;
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      const now = this.#clock.now();
      const waitMs = this.#waitMs(next, now);
      if (waitMs > 0) {
        if (waitMs !== Number.POSITIVE_INFINITY) this.#callOff = this.#clock.after(waitMs, () => this.#pump());
        return;
      }
      this.#queue.serve(next);
      next.grant(this.#send(next, now));
    }
  }

  /** Infinite where only the end of a call under way can change it. */
  #waitMs({ tokens }: Waiter, now: number): number {
    if (this.#inFlight >= this.#limit.calls) return Number.POSITIVE_INFINITY;
    return Math.max(
      this.#breaker.waitMs(now),
      this.#notBefore - now,
      this.#requests.waitMs(1, now),
      this.#tokens.waitMs(tokens, now),
    );
  }

  #send({ agent, tokens, since }: Waiter, startedAt: number): Permit {
    this.#inFlight += 1;
    this.#requests.take(1, startedAt);
    const taken = this.#tokens.take(tokens, startedAt);
    const isProbe = this.#breaker.sent();
    let isOpen = true;
    const end = (what: (now: number, wasSaturated: boolean) => void) => {
      if (!isOpen) throw new Error('a permit was given back twice');
      isOpen = false;
      const wasSaturated = this.#inFlight >= this.#limit.calls;
      this.#inFlight -= 1;
      what(this.#clock.now(), wasSaturated);
      this.#pump();
    };
    return {
      waitedMs: startedAt - since,
      succeeded: (usage) =>
        end((_now, wasSaturated) => {
          this.#tokens.correct(taken, usage.input + usage.output + usage.thoughts);
          this.#answered(agent, wasSaturated);
        }),
      failed: (error) => {
        let told = error;
        end((now) => {
          told = this.#failed(error, { agent, startedAt, now, isProbe });
        });
        return told;
      },
      cancelled: () => end((now) => isProbe && this.#breaker.probeCancelled(now)),
    };
  }

  #answered(agent: string, wasSaturated: boolean): void {
    this.#counts.answered += 1;
    this.#episodesInARow = 0;
    this.#poison.answered(agent);
    this.#limit.succeeded(wasSaturated);
    this.#breaker.succeeded();
    this.#announce({ kind: 'ok' });
  }

  #failed(
    error: ChatModelError,
    call: { agent: string; startedAt: number; now: number; isProbe: boolean },
  ): ChatModelError {
    if (error.kind === 'auth' || error.kind === 'quota_exhausted') {
      // It would be the same for everybody: nobody needs to find out by a call of his own.
      for (const waiter of this.#queue.drain()) waiter.refuse(error);
      if (call.isProbe) this.#breaker.probeCancelled(call.now);
      return error;
    }
    if (!error.isTransient) {
      // A refusal of this one request: the provider works.
      this.#breaker.succeeded();
      this.#announce({ kind: 'ok' });
      return error;
    }
    const isNew = error.kind !== 'rate_limit' || this.#rateLimited(error, call);
    if (error.kind !== 'rate_limit') this.#counts.failed += 1;
    if (isNew || call.isProbe) this.#breaker.failed(call.now, { ...call, retryAfterMs: error.retryAfterMs });
    if (this.#breaker.state !== 'closed') this.#announce({ kind: 'outage', reason: error.message });
    return error.kind === 'rate_limit' ? error : this.#poison.failed(call.agent, error);
  }

  /** @returns whether this begins a new episode */
  #rateLimited(error: ChatModelError, { startedAt, now }: { startedAt: number; now: number }): boolean {
    this.#counts.rateLimited += 1;
    const isNew = this.#limit.rateLimited(startedAt, now);
    const pauseMs =
      error.retryAfterMs ??
      Math.min(longestPauseMs, this.#settings.rateLimitPauseMs * 2 ** Math.min(10, this.#episodesInARow));
    if (isNew) this.#episodesInARow += 1;
    if (isNew || error.retryAfterMs !== null) this.#notBefore = Math.max(this.#notBefore, now + pauseMs);
    return isNew;
  }

  #announce(state: ProviderState): void {
    if (state.kind === this.#state.kind) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
