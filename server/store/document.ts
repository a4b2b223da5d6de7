/** One small JSON document on disk, through lowdb: validated when read, replaced whole (write, then rename) when changed. */
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import type { ZodType } from 'zod';
import { messageOf } from '../../protocol/thrown.ts';
import { writeFailure } from './diskFull.ts';

export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}

/** @returns null if there is no such file. @throws {DocumentError} if it is there and not of this schema. */
export async function readDocument<T>(path: string, schema: ZodType<T>): Promise<T | null> {
  let value: unknown;
  try {
    value = await new JSONFile<unknown>(path).read();
  } catch (error) {
    throw new DocumentError(`${path} is not JSON: ${messageOf(error)}`);
  }
  if (value === null) return null;
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DocumentError(`${path} is not what this version writes: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return parsed.data;
}

export async function writeDocument<T>(path: string, value: T): Promise<void> {
  try {
    await new Low<T>(new JSONFile<T>(path), value).write();
  } catch (error) {
    throw writeFailure(path, error);
  }
}
