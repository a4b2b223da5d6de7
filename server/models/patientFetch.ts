/**
 * The fetch under the SDK. It has no time-outs of its own (Node's would end a call in which the model thinks for more than
 * five minutes; our deadlines do better), keeps the process's proxy settings, and remembers the end of the raw body, where
 * Google says things that the SDK drops.
 */

/** Node's own HTTP client stands behind this symbol, with or without a proxy. */
const globalDispatcher = Symbol.for('undici.globalDispatcher.1');
const keptCharacters = 64 * 1024;

interface Dispatching {
  dispatch(options: object, handler: unknown): boolean;
}

function isDispatching(value: unknown): value is Dispatching {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'dispatch') === 'function';
}

const patientDispatcher: Dispatching = {
  dispatch(options, handler) {
    const dispatcher: unknown = Reflect.get(globalThis, globalDispatcher);
    if (!isDispatching(dispatcher)) throw new Error('This Node has no HTTP client behind fetch.');
    return dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  },
};

/** The last characters of a body, read as it passes. */
export class RawTail {
  #text = '';

  get text(): string {
    return this.#text;
  }

  /** A stream that lets everything through and keeps the end of it. */
  tap(): TransformStream<Uint8Array, Uint8Array> {
    const decoder = new TextDecoder();
    return new TransformStream({
      transform: (chunk, controller) => {
        this.#text = (this.#text + decoder.decode(chunk, { stream: true })).slice(-keptCharacters);
        controller.enqueue(chunk);
      },
    });
  }

  /** `finishMessage` of the answer, e.g. the call that was malformed; null if there is none. */
  finishMessage(): string | null {
    const found = [...this.#text.matchAll(/"finishMessage"\s*:\s*("(?:[^"\\]|\\.)*")/g)].at(-1)?.[1];
    if (found === undefined) return null;
    const message: unknown = JSON.parse(found);
    return typeof message === 'string' ? message : null;
  }
}

/** A `fetch` for one call. @param send what takes the request on: the network, or what stands before it */
export function patientFetch(tail: RawTail, send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, Object.assign({ ...init }, { dispatcher: patientDispatcher }));
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(tail.tap()), { status, statusText, headers });
  };
}
