/** The network with a recorder beside it: every answer passes on as it comes, and is on disk when it ends. */
import type { Caller } from '../chatModel.ts';
import type { Redact } from '../redaction.ts';
import type { Wire } from '../wire.ts';
import { canonicalRequest } from './canonicalRequest.ts';
import { type CassetteWriter, type Exchange, exchangeKey, type RecordedAnswer } from './cassette.ts';
import { readRequest } from './readRequest.ts';

/** What a provider may act upon. Others (cookies, traces) say who we are. */
const keptHeaders = ['content-type', 'retry-after', 'retry-after-ms'];

export interface RecordingOptions {
  cassette: CassetteWriter;
  redact: Redact;
  /** Folders of this machine that must not matter. */
  folders: readonly string[];
  network: typeof fetch;
}

export function recordingWire(options: RecordingOptions): Wire {
  return (caller) => (input, init) => record(caller, options, input, init);
}

async function record(
  caller: Caller | null,
  { cassette, redact, folders, network }: RecordingOptions,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
): Promise<Response> {
  const request = readRequest(input, init);
  const { hash, parts } = canonicalRequest(request, folders);
  const key = exchangeKey(caller, request);
  const texts = new Map(parts.map((part) => [part.hash, redact(part.text)]));
  const keep = (outcome: Pick<Exchange, 'answer' | 'failure'>) =>
    cassette.add({ key, hash, parts: parts.map((part) => [part.name, part.hash]), ...outcome }, texts);
  let response: Response;
  try {
    response = await network(input, init);
  } catch (error) {
    await keep({ answer: null, failure: redact(wordsOf(error)) });
    throw error;
  }
  const { status, statusText, headers, body } = response;
  const kept = keptHeaders.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, redact(value)]];
  });
  const heard = (bytes: Buffer, broken: string | null) =>
    keep({ answer: { status, headers: Object.fromEntries(kept), ...text(bytes, redact), broken }, failure: null });
  if (body === null) {
    await heard(Buffer.alloc(0), null);
    return response;
  }
  const isGivenUp = () => init?.signal?.aborted === true;
  return new Response(overheard(body, heard, isGivenUp), { status, statusText, headers });
}

function text(bytes: Buffer, redact: Redact): Pick<RecordedAnswer, 'body' | 'isBase64'> {
  const decoded = bytes.toString('utf8');
  return Buffer.from(decoded, 'utf8').equals(bytes)
    ? { body: redact(decoded) }
    : { body: bytes.toString('base64'), isBase64: true };
}

/** Lets everything through, and holds back the end until it has been told of. */
function overheard(
  body: ReadableStream<Uint8Array>,
  heard: (bytes: Buffer, broken: string | null) => Promise<void>,
  isGivenUp: () => boolean,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let told = false;
  const tell = async (broken: string | null) => {
    if (told) return;
    told = true;
    await heard(Buffer.concat(chunks), broken);
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          chunks.push(value);
          controller.enqueue(value);
          return;
        }
        await tell(null);
        controller.close();
      } catch (error) {
        await tell(wordsOf(error));
        controller.error(error);
      }
    },
    async cancel(reason) {
      // Whoever has read what ends an answer, as `[DONE]` does, waits for no more: that is whole.
      await tell(isGivenUp() ? 'the caller gave it up' : null);
      await reader.cancel(reason);
    },
  });
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
