/**
 * Lines of a streamed body, and the events in them: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)
 * as OpenAI-compatible servers send them, or one JSON object per line as Ollama does. Bytes may be cut anywhere.
 */
import { ChatModelError } from '../chatModel.ts';

/** More than this in one line is no answer of a model. */
const longestLine = 16 * 1024 * 1024;

/** @throws {ChatModelError} kind `malformed` if a line has no end in sight */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    // A carriage return at the very end may be half of a line end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) throw new ChatModelError('malformed', 'The server sends a line without end.');
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest.replace(/\r$/, '');
}

export interface StreamEvent {
  /** `message` where the server names none. */
  event: string;
  data: string;
}

/** An event that the end of the stream cuts off is yielded too: what it is worth shows when it is parsed. */
export async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  let event = 'message';
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n') };
      event = 'message';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    // llama.cpp has sent a failure in the middle of a stream as a field of its own.
    else if (field === 'error') yield { event: 'error', data: value };
  }
  if (data.length > 0) yield { event, data: data.join('\n') };
}
