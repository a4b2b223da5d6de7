/** An assistant's message as the server gave it, kept for the trajectory: reasoning goes back under the name it came with. */
import * as z from 'zod';

export const NativeCall = z.object({
  /** Our own, in nine letters and digits: the form that the strictest templates accept. */
  id: z.string(),
  name: z.string(),
  /** JSON, as the model wrote it; may be broken. */
  arguments: z.string(),
});
export type NativeCall = z.infer<typeof NativeCall>;

export const NativeMessage = z.object({
  provider: z.literal('openai'),
  model: z.string(),
  content: z.string(),
  calls: z.array(NativeCall),
  reasoning: z.object({ field: z.enum(['reasoning_content', 'reasoning', 'thinking']), text: z.string() }).nullable(),
});
export type NativeMessage = z.infer<typeof NativeMessage>;

/** The stored message, if this model of this provider wrote it; null for any other origin. */
export function nativeOf(native: unknown, model: string): NativeMessage | null {
  const parsed = NativeMessage.safeParse(native);
  return parsed.success && parsed.data.model === model ? parsed.data : null;
}

/** JSON of a call's arguments; undefined where it is none. */
export function parsedArguments(text: string): Record<string, unknown> | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
