/** Ends a server that nobody needs any more. */

export interface IdleWatchOptions {
  /** Milliseconds of idleness; null: never ends for that. */
  idleExitMs: number | null;
  isBusy: () => boolean;
  /** Its home was removed: nobody can find it any more. */
  isHomeless: () => boolean;
  end: (why: string) => void;
}

const lookEveryMs = 5000;

export class IdleWatch {
  readonly #options: IdleWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #idleSince: number | null = performance.now();
  #exit: NodeJS.Timeout | null = null;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.look(), lookEveryMs);
    this.look();
  }

  /** Something may have changed. */
  look(): void {
    const { idleExitMs, isBusy, isHomeless, end } = this.#options;
    if (this.#exit !== null) clearTimeout(this.#exit);
    this.#exit = null;
    if (isBusy()) {
      this.#idleSince = null;
      return;
    }
    this.#idleSince ??= performance.now();
    if (performance.now() - this.#idleSince > lookEveryMs && isHomeless()) {
      end('the discovery file of this server is gone');
      return;
    }
    if (idleExitMs === null) return;
    const leftMs = this.#idleSince + idleExitMs - performance.now();
    if (leftMs <= 0) end(`nothing to do for ${Math.round(idleExitMs / 1000)} s`);
    else this.#exit = setTimeout(() => this.look(), Math.min(leftMs + 5, 2 ** 31 - 1));
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#exit !== null) clearTimeout(this.#exit);
  }
}
