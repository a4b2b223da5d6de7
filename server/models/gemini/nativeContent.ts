/**
 * A model's message in Gemini's own form, kept word for word: its thought signatures are valid for exactly these parts,
 * and for the model that made them only.
 */
import type { Content, Part } from '@google/genai';
import * as z from 'zod';

/** The sentinel that Google takes in place of a signature on calls that its model did not make. */
export const foreignCallSignature = 'skip_thought_signature_validator';

const NativePart = z.custom<Part>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'a part must be an object',
);

/** As stored in a trajectory. Parts are opaque: whatever Google puts there later goes back as it came. */
const NativeContent = z.object({ provider: z.literal('gemini'), model: z.string(), parts: z.array(NativePart) });
export type NativeContent = z.infer<typeof NativeContent>;

/** The native content of a stored message, if it is this model's own; null for any other origin. */
export function nativeOf(native: unknown, model: string): Content | null {
  const parsed = NativeContent.safeParse(native);
  if (!parsed.success || parsed.data.model !== model) return null;
  return { role: 'model', parts: parsed.data.parts };
}

/**
 * Adds one streamed part to those before it. Pieces of one text are joined; an empty text goes, unless it carries a
 * signature; anything that carries more than text stays a part of its own.
 */
export function appendPart(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  if (isPlainText(part)) {
    if (part.text === '') return;
    if (last !== undefined && isPlainText(last) && last.thought === part.thought) {
      parts[parts.length - 1] = { ...last, text: `${last.text}${part.text}` };
      return;
    }
  }
  parts.push(part);
}

function isPlainText(part: Part): part is Part & { text: string } {
  return typeof part.text === 'string' && Object.keys(part).every((key) => key === 'text' || key === 'thought');
}
