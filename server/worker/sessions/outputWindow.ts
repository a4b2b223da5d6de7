/**
 * What an agent gets to see of an output of any size: its head and its tail. Once the middle no longer fits, everything
 * is also written to a file inside the sandbox, which the notice in between names.
 */
import { PassThrough, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Sandbox, SandboxProcess } from '../sandbox/sandbox.ts';

export interface OutputBounds {
  /** Bytes shown from the start and from the end. */
  headBytes: number;
  tailBytes: number;
  /** Most bytes kept in the file. */
  fileBytes: number;
  /** Most bytes handed over to be kept outside of the sandbox. */
  handedBytes: number;
}

/** About 40,000 characters: a fifth from the head, where a mistake begins, the rest from the tail, where it ends. */
export const agentBounds: OutputBounds = {
  headBytes: 8_000,
  tailBytes: 32_000,
  fileBytes: 64 * 1024 * 1024,
  handedBytes: 4 * 1024 * 1024,
};

/** How many outputs are kept as files; older ones make room, since the file system of a sandbox is memory. */
const keptFiles = 8;
const outputFolder = '/workspace/.aira/outputs';
const spillBufferBytes = 1024 * 1024;
const closeDeadlineMs = 5_000;

const gzipped = promisify(gzip);

// The oldest go first. `cat` ends with an error when the disk is full, and that is told.
const writerScript = `mkdir -p -- "$1" && cd -- "$1" || exit 1
ls -1t | tail -n +${keptFiles} | while IFS= read -r name; do rm -f -- "$name"; done
exec cat >"$2"`;

/** A file inside the sandbox that takes what is written to it, up to a size. Never opened by the host. */
class SpillFile {
  readonly path: string;
  /** Bytes handed on so far. */
  written = 0;
  #limit: number;
  #open = true;
  readonly #buffer = new PassThrough({ highWaterMark: spillBufferBytes });
  readonly #done: Promise<boolean>;

  constructor(sandbox: Sandbox, name: string, limit: number) {
    const folder = sandbox.path(outputFolder);
    this.path = `${folder}/${name}`;
    this.#limit = limit;
    this.#done = sandbox.spawn(['bash', '-c', writerScript, 'keep', folder, name]).then(
      async (writer: SandboxProcess) => {
        writer.stdout.resume();
        writer.stderr.resume();
        this.#buffer.pipe(writer.stdin);
        const { code } = await writer.exited;
        writer.release();
        this.#abandon();
        return code === 0;
      },
      () => {
        this.#abandon();
        return false;
      },
    );
  }

  /** Nobody writes to the file any more: let whoever waits for room go on. */
  #abandon(): void {
    this.#open = false;
    this.#buffer.unpipe();
    this.#buffer.emit('drain');
    this.#buffer.destroy();
  }

  /** @returns false if `source` should wait: it is paused, and resumed when there is room again */
  write(chunk: Buffer, source: Readable | null): void {
    if (!this.#open || this.written >= this.#limit) return;
    const piece = chunk.subarray(0, this.#limit - this.written);
    this.written += piece.length;
    if (this.#buffer.write(piece) || source === null) return;
    source.pause();
    this.#buffer.once('drain', () => source.resume());
  }

  /** @returns true if everything written is in the file */
  async close(): Promise<boolean> {
    if (this.#open) this.#buffer.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), closeDeadlineMs);
    });
    const kept = await Promise.race([this.#done, late]);
    clearTimeout(timer);
    return kept;
  }
}

export interface WindowText {
  head: string;
  tail: string;
  /** Stands between head and tail if anything is left out; null: `tail` follows `head` at once. */
  notice: string | null;
  fullTextPath: string | null;
  /** All of it, as far as it is handed over, packed; undefined if nothing is left out. */
  fullTextGzipBase64?: string;
}

export class OutputWindow {
  /** Bytes written to it in all. */
  total = 0;
  readonly #bounds: OutputBounds;
  readonly #makeFile: (() => SpillFile) | null;
  #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #file: SpillFile | null = null;
  /** From the beginning on, once the middle no longer fits. */
  #handed: Buffer[] = [];
  #handedBytes = 0;

  /** @param keep where to keep the full text; null: nowhere */
  constructor(bounds: OutputBounds, keep: { sandbox: Sandbox; name: () => string } | null) {
    this.#bounds = bounds;
    this.#makeFile = keep === null ? null : () => new SpillFile(keep.sandbox, keep.name(), bounds.fileBytes);
  }

  /** @param source is paused while the file cannot keep up; null: never wait */
  write(chunk: Buffer, source: Readable | null): void {
    if (chunk.length === 0) return;
    const { headBytes, tailBytes } = this.#bounds;
    this.total += chunk.length;
    if (this.#file === null && this.total > headBytes + tailBytes && this.#makeFile !== null) {
      this.#file = this.#makeFile();
      for (const piece of [...this.#head, ...this.#tail]) {
        this.#file.write(piece, null);
        this.#hand(piece);
      }
    }
    if (this.#file !== null) {
      this.#file.write(chunk, source);
      this.#hand(chunk);
    }
    const toHead = chunk.subarray(0, headBytes - this.#headBytes);
    if (toHead.length > 0) {
      this.#head.push(toHead);
      this.#headBytes += toHead.length;
    }
    const rest = chunk.subarray(toHead.length);
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    for (let first = this.#tail[0]; first !== undefined; first = this.#tail[0]) {
      if (this.#tailBytes - first.length < tailBytes) break;
      this.#tailBytes -= first.length;
      this.#tail.shift();
    }
    // Many small pieces: joined now and then, so that they do not pile up as objects.
    if (this.#tail.length > 256) {
      const joined = Buffer.concat(this.#tail).subarray(-tailBytes);
      this.#tail = [joined];
      this.#tailBytes = joined.length;
    }
  }

  /** Copied where only a part is taken, so that no large buffer is held for its sake. */
  #hand(chunk: Buffer): void {
    const room = this.#bounds.handedBytes - this.#handedBytes;
    if (room <= 0) return;
    const piece = chunk.length <= room ? chunk : Buffer.from(chunk.subarray(0, room));
    this.#handed.push(piece);
    this.#handedBytes += piece.length;
  }

  async #packed(): Promise<string> {
    const lost = this.total - this.#handedBytes;
    const note =
      lost > 0 ? [Buffer.from(`\n[... ${lost.toLocaleString('en-US')} more bytes were not kept ...]\n`)] : [];
    const packed = await gzipped(Buffer.concat([...this.#handed, ...note]), { level: 1 });
    this.#handed = [];
    return packed.toString('base64');
  }

  /** Closes the file and says what there is to see. */
  async finish(): Promise<WindowText> {
    const { headBytes, tailBytes, fileBytes } = this.#bounds;
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    const omitted = this.total - headBytes - tailBytes;
    const kept = this.#file === null ? false : await this.#file.close();
    if (omitted <= 0) {
      return { head: decode(Buffer.concat([head, tail])), tail: '', notice: null, fullTextPath: null };
    }
    const path = kept && this.#file !== null ? this.#file.path : null;
    const where =
      path === null
        ? 'the full text could not be kept (is /workspace full?)'
        : this.total > fileBytes
          ? `the first ${fileBytes / 1024 / 1024} MiB of the full text are in ${path}`
          : `the full text is in ${path}`;
    return {
      head: decode(head),
      tail: decode(tail.subarray(-tailBytes)),
      notice: `[... ${omitted.toLocaleString('en-US')} bytes left out here; ${where} ...]`,
      fullTextPath: path,
      ...(this.#handedBytes === 0 ? {} : { fullTextGzipBase64: await this.#packed() }),
    };
  }
}

/** Text of bytes that may be cut in the middle of a character at either end. */
function decode(bytes: Buffer): string {
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return new TextDecoder('utf8', { ignoreBOM: true }).decode(bytes.subarray(start), { stream: true });
}
