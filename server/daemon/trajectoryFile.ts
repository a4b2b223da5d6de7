/**
 * A trajectory on disk, by the numbers of its events: which line is where is found once and then only for what is new. Only
 * whole lines count. What only the engine reads is left out of what clients get.
 */
import { open } from 'node:fs/promises';
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import { hasCode } from '../../protocol/thrown.ts';
import { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { readAt } from './candidateFiles.ts';

const pieceBytes = 1024 * 1024;
const newline = 10;
/** Of one page: prompts and outputs are long. */
const maxPageBytes = 4 * 1024 * 1024;

export class TrajectoryFile {
  readonly path: string;
  /** Where each line begins, and where the last whole one ends. */
  readonly #offsets: number[] = [0];
  #looking: Promise<void> | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** Whole lines, as of the last look. */
  get total(): number {
    return this.#offsets.length - 1;
  }

  /** Looks for new lines. A missing file has none: an agent that has not begun, a program of a person. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Events from this number on, as of the last look: as many as fit into one page, at least one if there is one. */
  async page(from: number, limit: number): Promise<TrajectoryItem[]> {
    const start = this.#offsets[from];
    if (start === undefined || from >= this.total) return [];
    let end = Math.min(from + limit, this.total);
    while (end > from + 1 && (this.#offsets[end] ?? 0) - start > maxPageBytes) end -= 1;
    const file = await open(this.path, 'r');
    try {
      const bytes = await readAt(file, start, (this.#offsets[end] ?? start) - start);
      return Array.from({ length: end - from }, (_, line) => {
        const index = from + line;
        const text = bytes.toString('utf8', this.#at(index) - start, this.#at(index + 1) - start);
        return { index, event: forClients(TrajectoryEvent.parse(JSON.parse(text))) };
      });
    } finally {
      await file.close();
    }
  }

  #at(line: number): number {
    return this.#offsets[line] ?? 0;
  }

  async #look(): Promise<void> {
    let file: Awaited<ReturnType<typeof open>>;
    try {
      file = await open(this.path, 'r');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return;
      throw error;
    }
    try {
      const piece = Buffer.alloc(pieceBytes);
      for (let offset = this.#at(this.total); ; ) {
        const { bytesRead } = await file.read(piece, 0, pieceBytes, offset);
        if (bytesRead === 0) return;
        for (let at = piece.indexOf(newline); at >= 0 && at < bytesRead; at = piece.indexOf(newline, at + 1))
          this.#offsets.push(offset + at + 1);
        offset += bytesRead;
      }
    } finally {
      await file.close();
    }
  }
}

/** Providers' own messages and the operator's context are large, and mean nothing to a person. */
function forClients(event: TrajectoryEvent): TrajectoryEvent {
  if (event.type === 'started') return { ...event, context: null };
  if (event.type !== 'model') return event;
  const { native: _, ...shown } = event;
  return shown;
}
