/** Speaks with the process that hosts a live run: an agent server, or a command in the foreground. */
import { clientToServer, maxClientFrameBytes, maxServerFrameBytes, serverToClient } from '../../protocol/client.ts';
import { clientProtocol } from '../../protocol/clientViews.ts';
import { dial } from '../../protocol/dial.ts';
import { readDiscovery } from '../../protocol/discovery.ts';
import { Peer } from '../../protocol/rpc.ts';
import { DialError, PeerClosedError, RequestTimeoutError } from '../../protocol/rpcErrors.ts';
import { runDirectory, runPaths } from '../store/home.ts';
import { RefusedError } from './refusal.ts';

/** Somebody holds the run, but no server of it can be asked: it starts, it ends, or another command writes into it. */
export class RunBetweenError extends RefusedError {
  constructor(run: string) {
    super('refused', `Run ${run} is starting or ending; try again in a moment.`);
  }
}

export type RunPeer = Peer<typeof serverToClient, typeof clientToServer>;

const timing = { dialMs: 5000, helloMs: 10_000 };

/** @throws {RefusedError} if the run is not reachable; {RemoteError} what its host refuses, in its words */
export async function callRun<T>(home: string, run: string, talk: (peer: RunPeer) => Promise<T>): Promise<T> {
  try {
    return await connected(home, run, talk);
  } catch (error) {
    const isUnreachable =
      error instanceof DialError || error instanceof PeerClosedError || error instanceof RequestTimeoutError;
    if (!isUnreachable) throw error;
    throw new RefusedError(
      'refused',
      `The server of run ${run} does not answer (${error.message}). It may be ending; see: aira2 runs show ${run}`,
    );
  }
}

async function connected<T>(home: string, run: string, talk: (peer: RunPeer) => Promise<T>): Promise<T> {
  const door = await readDiscovery(runPaths(runDirectory(home, run)).discovery);
  if (door === null) throw new RunBetweenError(run);
  const { url, token } = door;
  const socket = await dial({ url, token, maxPayloadBytes: maxServerFrameBytes, timeoutMs: timing.dialMs });
  const peer = new Peer(socket, {
    local: serverToClient,
    remote: clientToServer,
    maxPayloadBytes: maxClientFrameBytes,
    log: { warn: () => undefined },
  });
  peer.listen();
  try {
    await peer.request(
      'hello',
      { protocol: clientProtocol, build: '', kind: 'cli', name: `process ${process.pid}` },
      { timeoutMs: timing.helloMs },
    );
    return await talk(peer);
  } finally {
    socket.close();
  }
}
