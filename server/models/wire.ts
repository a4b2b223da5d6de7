/**
 * How a provider's requests leave this process: to the network, to the network with a recorder beside it, or to a recording
 * in place of it. Providers take it as their `fetch` and know no more.
 */
import type { Caller } from './chatModel.ts';

/** @param caller null for requests that belong to no trajectory, e.g. a connection test */
export type Wire = (caller: Caller | null) => typeof fetch;

export const network: Wire = () => fetch;
