/** What a call of `fetch` would send, as far as a recording cares: never headers, where keys are. */

export interface SentRequest {
  method: string;
  /** Path from the version of the interface on, and query: a recording made through one server is good for another. */
  path: string;
  body: string;
}

/** @throws {TypeError} for a body that is not text: no provider of ours sends one */
export function readRequest(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): SentRequest {
  const url = new URL(input instanceof Request ? input.url : input);
  const body = init?.body ?? '';
  if (typeof body !== 'string' || input instanceof Request)
    throw new TypeError(`A request to ${url.pathname} cannot be recorded: its body is not text.`);
  const path = url.pathname.replace(/^.*?(?=\/v\d)/, '') + url.search;
  return { method: (init?.method ?? 'GET').toUpperCase(), path, body };
}
