/** What a server says of itself, and the version of the contract that it and a client meet at. */
import { hostname, userInfo } from 'node:os';
import type * as z from 'zod';
import { clientRefusals } from '../../protocol/client.ts';
import { clientProtocol, type ProtocolRange, type ServerInfo } from '../../protocol/clientViews.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { thisBuild } from './build.ts';

const startedAt = Math.round(performance.timeOrigin);

export function serverInfo(
  present: Pick<ServerInfo, 'home' | 'log' | 'draining' | 'clients' | 'liveRuns'>,
): ServerInfo {
  return { ...thisBuild(), pid: process.pid, startedAt, host: hostname(), user: userName(), ...present };
}

/** @throws {RpcRefusal} `hello` if there is none */
export function meetingVersion({ min, max }: z.infer<typeof ProtocolRange>): number {
  const protocol = Math.min(max, clientProtocol.max);
  if (protocol >= Math.max(min, clientProtocol.min)) return protocol;
  const older = max < clientProtocol.min ? 'client' : 'server';
  throw new RpcRefusal(
    clientRefusals.hello,
    `This agent server speaks versions ${clientProtocol.min} to ${clientProtocol.max} of the protocol, the client ${min} to ${max}: update the ${older}.`,
  );
}

/** A user without an entry in the system's list has only a number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
