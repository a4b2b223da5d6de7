/**
 * Programs that were read lately. Few candidates are parents of many: their programs are asked for again and again, by agents
 * and to find near-duplicates, and they do not change.
 */
import type { CandidateId } from '../../protocol/run.ts';
import type { ProgramFile } from '../../protocol/worker.ts';

/** Of all of them together, as base64: some hundred programs of the usual size. */
const defaultBytes = 4 * 2 ** 20;

export class RecentPrograms {
  /** The one asked for longest ago comes first. */
  readonly #programs = new Map<CandidateId, readonly ProgramFile[]>();
  readonly #mostBytes: number;
  #bytes = 0;
  /** How often programs were written: what was read meanwhile may be what stood there before. */
  #writes = 0;

  constructor(mostBytes = defaultBytes) {
    this.#mostBytes = mostBytes;
  }

  /** From memory, else as `read` gives it. */
  async get(id: CandidateId, read: () => Promise<ProgramFile[]>): Promise<ProgramFile[]> {
    const known = this.#programs.get(id);
    if (known !== undefined) {
      this.#programs.delete(id);
      this.#programs.set(id, known);
      return [...known];
    }
    const writes = this.#writes;
    const files = await read();
    if (writes === this.#writes) this.#keep(id, files);
    return [...files];
  }

  /** It is being written. */
  forget(id: CandidateId): void {
    this.#writes += 1;
    this.#drop(id);
  }

  #keep(id: CandidateId, files: readonly ProgramFile[]): void {
    this.#drop(id);
    this.#programs.set(id, files);
    this.#bytes += bytesOf(files);
    for (const oldest of this.#programs.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(id: CandidateId): void {
    this.#bytes -= bytesOf(this.#programs.get(id) ?? []);
    this.#programs.delete(id);
  }
}

const bytesOf = (files: readonly ProgramFile[]) =>
  files.reduce((bytes, { path, contentBase64 }) => bytes + path.length + contentBase64.length, 0);
