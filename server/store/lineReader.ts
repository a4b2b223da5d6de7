/** The lines of a file, a piece of it in memory at a time. */
import { type FileHandle, open } from 'node:fs/promises';
import { hasCode } from '../../protocol/thrown.ts';

export interface Line {
  text: string;
  /** The byte at which it begins. */
  offset: number;
  /** Its length, newline included. */
  bytes: number;
  /** False for a last line without a newline. */
  isWhole: boolean;
}

const pieceBytes = 1024 * 1024;
const newline = 10;

/** From the line that begins at byte `from`. A file that is not there has no lines. */
export async function* readLines(path: string, from: number): AsyncGenerator<Line> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  try {
    yield* linesOf(file, from);
  } finally {
    await file.close();
  }
}

async function* linesOf(file: FileHandle, from: number): AsyncGenerator<Line> {
  const piece = Buffer.alloc(pieceBytes);
  let rest = Buffer.alloc(0);
  let offset = from;
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, offset + rest.length);
    if (bytesRead === 0) break;
    const bytes = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      const length = end + 1 - start;
      yield { text: bytes.toString('utf8', start, end), offset, bytes: length, isWhole: true };
      offset += length;
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), offset, bytes: rest.length, isWhole: false };
}
