/**
 * Live output for people who watch. At most ten pieces a second and 4 KiB each, for every execution; between two pieces
 * only the newest 4 KiB are kept. The whole output is in the result: this is lossy by design.
 */
const intervalMs = 100;
const maxPieceCharacters = 4096;

export class LiveOutput {
  readonly #send: (execId: string, text: string) => void;
  readonly #pending = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;

  /** @param send may drop what it is given, and must not wait */
  constructor(send: (execId: string, text: string) => void) {
    this.#send = send;
  }

  add(execId: string, text: string): void {
    this.#pending.set(
      execId,
      ((this.#pending.get(execId) ?? '') + text.slice(-maxPieceCharacters)).slice(-maxPieceCharacters),
    );
    this.#timer ??= setTimeout(() => this.#flushAll(), intervalMs);
  }

  /** Sends what is left of an execution that has ended. */
  end(execId: string): void {
    this.#flush(execId);
  }

  #flushAll(): void {
    this.#timer = null;
    for (const execId of [...this.#pending.keys()]) {
      this.#flush(execId);
    }
  }

  #flush(execId: string): void {
    const text = this.#pending.get(execId);
    this.#pending.delete(execId);
    if (text !== undefined && text !== '') {
      this.#send(execId, text);
    }
  }
}
