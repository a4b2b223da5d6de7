/** Finds the words of an error in what a server sends: JSON of several shapes, a gateway's page, or plain text. */
import * as z from 'zod';

const longest = 600;

const Detail = z.looseObject({
  message: z.string().nullish().catch(null),
  type: z.string().nullish().catch(null),
  code: z.union([z.string(), z.number()]).nullish().catch(null),
});

/** OpenAI, vLLM, llama.cpp: an object. Ollama: a string. Older vLLM: the object without a wrapper. FastAPI: `detail`. */
const Body = z.union([
  z.looseObject({ error: Detail }).transform(({ error }) => error),
  z.looseObject({ error: z.string() }).transform(({ error }) => ({ message: error, type: null, code: null })),
  z.looseObject({ detail: z.string() }).transform(({ detail }) => ({ message: detail, type: null, code: null })),
  z.looseObject({ object: z.literal('error') }).transform((body) => Detail.parse(body)),
]);

export interface ServerError {
  message: string;
  type: string | null;
  /** OpenAI's are words, other servers repeat the HTTP status here. */
  code: string | null;
}

/** The error in a JSON value; null if there is none. */
export function errorIn(value: unknown): ServerError | null {
  const parsed = Body.safeParse(value);
  if (!parsed.success) return null;
  const { message, type, code } = parsed.data;
  return {
    message: shortened(message ?? JSON.stringify(value)),
    type: type ?? null,
    code: code == null ? null : String(code),
  };
}

/** The error in a body of any kind. */
export function errorInText(text: string): ServerError {
  try {
    const found = errorIn(JSON.parse(text));
    if (found !== null) return found;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1];
  const words = title ?? text.replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]+>/g, ' ');
  return { message: shortened(words), type: null, code: null };
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
