/** A recording in place of the network: each request gets the answer that the same request once got, or a word on why not. */
import { ChatModelError } from '../chatModel.ts';
import type { Wire } from '../wire.ts';
import { type CanonicalRequest, canonicalRequest } from './canonicalRequest.ts';
import { type Cassette, type Exchange, exchangeKey, type RecordedAnswer } from './cassette.ts';
import { readRequest } from './readRequest.ts';

const shownCharacters = 160;

/** @param folders as for the recording @param folder for messages: where the recording is */
export function replayingWire(
  { exchanges, texts }: Cassette,
  { folders, folder }: { folders: readonly string[]; folder: string },
): Wire {
  const served = new Map<string, number>();
  return (caller) => async (input, init) => {
    const request = readRequest(input, init);
    const canonical = canonicalRequest(request, folders);
    const key = exchangeKey(caller, request);
    const recorded = exchanges.get(key) ?? [];
    const index = served.get(key) ?? 0;
    // A question about the server itself may be asked more often than it was.
    const exchange = recorded[caller === null ? Math.min(index, recorded.length - 1) : index];
    if (exchange === undefined) throw miss(folder, missingWords(key, recorded.length));
    if (exchange.hash !== canonical.hash) throw miss(folder, differenceWords(key, exchange, canonical, texts));
    served.set(key, index + 1);
    return answerOf(exchange);
  };
}

/** A replay that has left its recording cannot go on: it is nobody's outage. */
function miss(folder: string, words: string): ChatModelError {
  return new ChatModelError('not_recorded', `The recording in ${folder} does not answer this request: ${words}`);
}

function missingWords(key: string, count: number): string {
  if (count > 0) return `${key} was asked ${count} times when it was made, and now once more.`;
  return `it has nothing for ${key}. The run took another way than the recorded one, or was resumed without --record.`;
}

/** Names the first piece that is not as it was, with both texts from where they part. */
function differenceWords(
  key: string,
  exchange: Exchange,
  { parts }: CanonicalRequest,
  texts: ReadonlyMap<string, string>,
): string {
  const index = exchange.parts.findIndex(([name, hash], at) => parts[at]?.name !== name || parts[at]?.hash !== hash);
  const [wasName, wasHash] = exchange.parts[index] ?? ['nothing more', ''];
  const is = index === -1 ? parts[exchange.parts.length] : parts[index];
  const was = texts.get(wasHash) ?? '';
  const now = is?.text ?? '';
  let at = 0;
  while (at < was.length && was[at] === now[at]) at += 1;
  const from = Math.max(0, at - 20);
  const shown = (text: string) => JSON.stringify(text.slice(from, from + shownCharacters));
  return `${key} differs from what was asked at ${is?.name ?? wasName}. Recorded: ${shown(was)}; now: ${shown(now)}.`;
}

function answerOf({ answer, failure }: Exchange): Response {
  if (answer === null) throw connectionFailure(failure ?? 'the connection failed');
  const { status, headers, broken } = answer;
  const bytes = Buffer.from(answer.body, answer.isBase64 === true ? 'base64' : 'utf8');
  return new Response(broken === null ? whole(bytes, answer) : cutOff(bytes, broken), { status, headers });
}

/** A response with one of these statuses may have no body at all. */
function whole(bytes: Buffer, { status }: RecordedAnswer): Uint8Array<ArrayBuffer> | null {
  return [204, 205, 304].includes(status) ? null : new Uint8Array(bytes);
}

function cutOff(bytes: Buffer, words: string): ReadableStream<Uint8Array> {
  const chunks = bytes.length === 0 ? [] : [new Uint8Array(bytes)];
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) controller.error(connectionFailure(words));
      else controller.enqueue(next);
    },
  });
}

/** In the form in which `fetch` reports trouble of the network. */
function connectionFailure(words: string): TypeError {
  const cause = Object.assign(new Error(words), { code: 'ECONNRESET' });
  return new TypeError('fetch failed', { cause });
}
