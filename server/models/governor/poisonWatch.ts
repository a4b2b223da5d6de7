/**
 * Finds the conversation that a provider fails at every time while it answers all others: a template that stumbles over
 * something in it, say. Waiting for the provider would never end there.
 */
import { ChatModelError } from '../chatModel.ts';

/** Failures in a row of one agent, and answers to others in between, that make it so. */
const failuresInARow = 8;
const answersToOthers = 8;
/** Agents that failed and never came back. */
const mostAgents = 1024;

export class PoisonWatch {
  /** Failures in a row, and how many had been answered when they began. */
  readonly #failing = new Map<string, { failures: number; answeredBefore: number }>();
  #answered = 0;

  answered(agent: string): void {
    this.#answered += 1;
    this.#failing.delete(agent);
  }

  /** @returns the failure, or that it is the conversation's own */
  failed(agent: string, error: ChatModelError): ChatModelError {
    const failing = this.#failing.get(agent) ?? { failures: 0, answeredBefore: this.#answered };
    failing.failures += 1;
    this.#failing.set(agent, failing);
    const [oldest] = this.#failing.keys();
    if (this.#failing.size > mostAgents && oldest !== undefined) this.#failing.delete(oldest);
    const others = this.#answered - failing.answeredBefore;
    if (failing.failures < failuresInARow || others < answersToOthers) return error;
    this.#failing.delete(agent);
    return new ChatModelError(
      'conversation_refused',
      `The provider failed ${failing.failures} times in a row at this conversation while it answered ${others} calls of others: ${error.message}`,
      { cause: error, ...(error.status === null ? {} : { status: error.status }) },
    );
  }
}
