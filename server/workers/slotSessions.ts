/** The sessions that are open on a slot's present worker. Opening and closing survive connections. */
import { FrameTooLargeError, RemoteError, RpcSchemaError } from '../../protocol/rpcErrors.ts';
import type { SandboxSpec } from '../../protocol/worker.ts';
import type { SlotLine } from './workerLine.ts';

export interface SlotSessionsOptions {
  /** The line of a worker that can be asked, as soon as there is one; rejects when there will be none. */
  ready: (signal: AbortSignal | undefined) => Promise<SlotLine>;
  isPresent: (line: SlotLine) => boolean;
  /** Drops a line that has failed, so that `ready` waits for the next. */
  onLineTrouble: (line: SlotLine, error: unknown) => void;
}

export class SlotSessions {
  readonly #options: SlotSessionsOptions;
  readonly #names = new Set<string>();

  constructor(options: SlotSessionsOptions) {
    this.#options = options;
  }

  names(): string[] {
    return [...this.#names];
  }

  has(session: string): boolean {
    return this.#names.has(session);
  }

  /** What a worker said of itself in its hello; nothing, when it is lost. */
  replace(names: string[]): void {
    this.#names.clear();
    for (const name of names) {
      this.#names.add(name);
    }
  }

  async open(session: string, spec: SandboxSpec, signal: AbortSignal | undefined): Promise<{ kept: boolean }> {
    for (;;) {
      const line = await this.#options.ready(signal);
      try {
        const opened = await line.openSession(session, spec, signal);
        if (this.#options.isPresent(line)) {
          this.#names.add(session);
          return opened;
        }
      } catch (error) {
        signal?.throwIfAborted();
        this.#mendOrThrow(line, error);
      }
    }
  }

  async close(session: string): Promise<void> {
    while (this.#names.has(session)) {
      let line: SlotLine;
      try {
        line = await this.#options.ready(undefined);
      } catch {
        return; // No worker will come here any more, and with the last one went the session.
      }
      try {
        if (this.#names.has(session)) {
          await line.closeSession(session);
          this.#names.delete(session);
        }
      } catch (error) {
        this.#mendOrThrow(line, error);
      }
    }
  }

  #mendOrThrow(line: SlotLine, error: unknown): void {
    const isRefusal = error instanceof RemoteError && error.kind === null;
    if (isRefusal || error instanceof RpcSchemaError || error instanceof FrameTooLargeError) {
      throw error;
    }
    this.#options.onLineTrouble(line, error);
  }
}
