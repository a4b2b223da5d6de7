/** Outputs that a person wanted to see all of, piece by piece. */
import type { FullOutput } from './rowView.ts';

/** Most that are held at once: a piece may have hundreds of thousands of characters. */
const mostOutputs = 12;

export type FullOutputs = ReadonlyMap<number, FullOutput>;

/** The piece at `offset` has been asked for; null puts the output away again. The oldest makes room. */
export function asked(outputs: FullOutputs, index: number, offset: number | null): FullOutputs {
  const next = new Map(outputs);
  const shown = next.get(index);
  next.delete(index);
  if (offset === null) return next;
  const before = offset === 0 || shown === undefined ? [] : earlier(shown, offset);
  next.set(index, { offset, bytes: shown?.bytes ?? 0, nextOffset: null, before });
  const [oldest] = next.keys();
  if (next.size > mostOutputs && oldest !== undefined) next.delete(oldest);
  return next;
}

/** A piece has come. One that is not waited for any more changes nothing. */
export function answered(
  outputs: FullOutputs,
  {
    index,
    offset,
    text,
    bytes,
    nextOffset,
  }: { index: number; offset: number; text: string | null; bytes: number; nextOffset: number | null },
): FullOutputs {
  const waiting = outputs.get(index);
  if (waiting === undefined || waiting.offset !== offset) return outputs;
  return new Map(outputs).set(index, { ...waiting, text, bytes, nextOffset });
}

/** The beginnings of the pieces before the one at `offset`. */
function earlier({ before, offset: shown }: FullOutput, offset: number): readonly number[] {
  return offset > shown ? [...before, shown] : before.filter((begin) => begin < offset);
}
