/** What the server answers to clients: one function for each method of the contract. */
import type * as z from 'zod';
import { clientToServer } from '../../protocol/client.ts';
import type { ClientSession } from './clientSession.ts';

type Table = typeof clientToServer;
export type ServedMethod = keyof Table & string;

export interface CallContext {
  session: ClientSession;
  /** Fires when the caller has given up, or its connection is gone. */
  signal: AbortSignal;
  /** Whether it was the caller's wish. */
  hasGivenUp: () => boolean;
}

export type Answer<M extends ServedMethod> = z.input<Table[M]['result']> | Promise<z.input<Table[M]['result']>>;

export type Methods = {
  [M in ServedMethod]: (params: z.output<Table[M]['params']>, context: CallContext) => Answer<M>;
};

export const servedMethods = Object.keys(clientToServer) as ServedMethod[];
