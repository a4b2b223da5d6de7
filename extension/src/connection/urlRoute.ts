/** An agent server at an address that the person has given. It is never started from here, and nothing takes its place. */
import type { Target } from '../../../protocol/serverClient.ts';
import { NotConnectedError } from '../../../protocol/serverClient.ts';
import type { Route } from './route.ts';

/** @param token asked for at every attempt: it may have been given anew */
export function urlRoute(url: string, token: () => Promise<string | undefined>): Route {
  const target: Target = async () => {
    const known = await token();
    if (known === undefined)
      throw new NotConnectedError(`there is no token for ${url}; give it with “AIRA2: Connect to Server…”`);
    return { url, token: known };
  };
  return {
    machine: hostOf(url),
    isLocal: false,
    find: async () => target,
    start: async () => target,
    dispose: async () => undefined,
  };
}

/** `gpu-box:8443`; for a socket, its path. */
export function hostOf(url: string): string {
  const socket = /^ws\+unix:(?:\/\/)?([^:]+):/.exec(url)?.[1];
  if (socket !== undefined) return decodeURIComponent(socket);
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
