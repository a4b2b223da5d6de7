/** The full outputs of tool calls, kept beside the trajectory: they outlive the sandbox, for people who read on. */
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Most of all outputs of one candidate, packed. */
const maxBytesEach = 64 * 1024 * 1024;

/** Names of kept outputs: that of the execution, packed. */
export const keptOutputName = /^[a-z0-9][a-z0-9-]{0,80}\.txt\.gz$/;

export class KeptOutputs {
  readonly #directory: string;
  /** Bytes of all that are there; null: not counted yet. */
  #bytes: number | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Never fails an agent: where there is no room, an output is not kept.
   * @returns its name, or null
   */
  async keep(execId: string, packed: Buffer): Promise<string | null> {
    const name = `${execId}.txt.gz`;
    const path = join(this.#directory, name);
    if (!keptOutputName.test(name)) return null;
    try {
      this.#bytes ??= await this.#count();
      if (this.#bytes + packed.length > maxBytesEach) return null;
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFile(path, packed, { mode: 0o600 });
      this.#bytes += packed.length;
      return name;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      await rm(path, { force: true }).catch(() => undefined);
      return null;
    }
  }

  async #count(): Promise<number> {
    const names = await readdir(this.#directory).catch(() => []);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(this.#directory, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}
