/** Full outputs of tool calls, as they were kept beside the trajectory: read in pieces that end with whole characters. */
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { keptOutputName } from '../agent/keptOutputs.ts';
import { readProgramFile } from './candidateFiles.ts';

const pieceBytes = 256 * 1024;
/** More than a worker hands over is none of ours. */
const maxUnpackedBytes = 16 * 1024 * 1024;
/** The piece that is asked for next is usually of the same output. */
const cached: { path: string; bytes: Buffer } = { path: '', bytes: Buffer.alloc(0) };

/** @returns null where it is not kept (any more) */
export async function readKeptOutput(directory: string, name: string, offset: number) {
  if (!keptOutputName.test(name)) return null;
  const path = join(directory, name);
  if (cached.path !== path) {
    const bytes = await unpacked(directory, name);
    if (bytes === null) return null;
    Object.assign(cached, { path, bytes });
  }
  const { bytes } = cached;
  const from = boundary(bytes, Math.min(offset, bytes.length));
  const to = boundary(bytes, Math.min(from + pieceBytes, bytes.length));
  return { text: bytes.toString('utf8', from, to), bytes: bytes.length, nextOffset: to < bytes.length ? to : null };
}

async function unpacked(directory: string, name: string): Promise<Buffer | null> {
  try {
    const packed = await readProgramFile(directory, name);
    return await promisify(gunzip)(packed, { maxOutputLength: maxUnpackedBytes });
  } catch (error) {
    // Removed to make room, or cut off by a full disk: not kept, either way.
    if (error instanceof Error && (error.name === 'CandidatePathError' || 'code' in error)) return null;
    throw error;
  }
}

/** The last place up to `at` where a character of UTF-8 begins. */
function boundary(bytes: Buffer, at: number): number {
  let place = at;
  while (place > 0 && place < bytes.length && at - place < 4 && ((bytes[place] ?? 0) & 0xc0) === 0x80) place -= 1;
  return place;
}
