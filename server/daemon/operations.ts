/**
 * What takes long, under the name that a client gave it: it tells its steps to everybody who asked for it by that name, and
 * one who asks again (after a lost connection) joins what is under way.
 */
import { RefusedError } from '../api/refusal.ts';

/** How long the outcome of an ended operation is kept for one who asks again. */
const keptMs = 5 * 60_000;
const maxKept = 1000;

interface Operation {
  method: string;
  outcome: Promise<unknown>;
  listeners: Set<Participant>;
  abort: AbortController;
  steps: string[];
}

/** Somebody who waits for an operation. */
export interface Participant {
  say: (message: string) => void;
  /** Fires when the waiting ends early. */
  signal: AbortSignal;
  /** Whether that was his own wish, and not the loss of his connection. */
  hasGivenUp: () => boolean;
}

export class Operations {
  readonly #operations = new Map<string, Operation>();
  #underWay = 0;

  /** How many have not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /**
   * Begins, or joins what goes on (or has just ended) under this name.
   * @param work gets a way to tell its steps, and a signal that fires when nobody wants it any more
   */
  async run<T>(
    method: string,
    name: string,
    participant: Participant,
    work: (say: (message: string) => void, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const present = this.#operations.get(name);
    if (present !== undefined && present.method !== method)
      throw new RefusedError('bad_input', `the operation ${name} is under way as ${present.method}`);
    const operation = present ?? this.#begin(method, name, work);
    for (const step of operation.steps) participant.say(step);
    operation.listeners.add(participant);
    const leave = () => {
      operation.listeners.delete(participant);
      // A lost connection is no wish: its client comes back and asks again.
      if (operation.listeners.size === 0 && participant.hasGivenUp()) operation.abort.abort();
    };
    participant.signal.addEventListener('abort', leave, { once: true });
    try {
      // Under one name and method there is one kind of work.
      return (await operation.outcome) as T;
    } finally {
      participant.signal.removeEventListener('abort', leave);
      operation.listeners.delete(participant);
    }
  }

  #begin<T>(
    method: string,
    name: string,
    work: (say: (message: string) => void, signal: AbortSignal) => Promise<T>,
  ): Operation {
    const abort = new AbortController();
    const operation: Operation = { method, outcome: Promise.resolve(), listeners: new Set(), abort, steps: [] };
    const say = (message: string) => {
      operation.steps = [...operation.steps.slice(-20), message];
      for (const listener of operation.listeners) listener.say(message);
    };
    this.#underWay += 1;
    operation.outcome = work(say, abort.signal).finally(() => {
      this.#underWay -= 1;
      setTimeout(() => this.#operations.delete(name), keptMs).unref();
    });
    // Whoever waits hears of a failure; nobody may be waiting.
    operation.outcome.catch(() => undefined);
    this.#operations.set(name, operation);
    for (const oldest of this.#operations.keys()) {
      if (this.#operations.size <= maxKept) break;
      this.#operations.delete(oldest);
    }
    return operation;
  }
}
