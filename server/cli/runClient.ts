/** Speaks with the server that hosts a live run. */
import { readFile } from 'node:fs/promises';
import { clientToServer, Discovery, serverToClient } from '../../protocol/client.ts';
import { dial } from '../../protocol/dial.ts';
import { Peer } from '../../protocol/rpc.ts';
import { DialError, PeerClosedError, RequestTimeoutError } from '../../protocol/rpcErrors.ts';
import { runDirectory, runPaths } from '../store/home.ts';
import { CliError, exitCodes } from './exitCodes.ts';

/** Somebody holds the run, but no server of it can be asked: it starts, it ends, or another command writes into it. */
export class RunBetweenError extends CliError {
  constructor(run: string) {
    super(exitCodes.badInput, `Run ${run} is starting or ending; try again in a moment.`);
  }
}

export type RunPeer = Peer<typeof serverToClient, typeof clientToServer>;

const maxPayloadBytes = 16 * 1024 * 1024;

/** @throws {CliError} if the run is not reachable; {RemoteError} what the server refuses, in its words */
export async function callRun<T>(home: string, run: string, talk: (peer: RunPeer) => Promise<T>): Promise<T> {
  try {
    return await connected(home, run, talk);
  } catch (error) {
    const isUnreachable =
      error instanceof DialError || error instanceof PeerClosedError || error instanceof RequestTimeoutError;
    if (!isUnreachable) throw error;
    throw new CliError(
      exitCodes.badInput,
      `The server of run ${run} does not answer (${error.message}). It may be ending; see: aira2 runs show ${run}`,
    );
  }
}

async function connected<T>(home: string, run: string, talk: (peer: RunPeer) => Promise<T>): Promise<T> {
  const discovery = await discover(home, run);
  const socket = await dial({ url: discovery.url, token: discovery.token, maxPayloadBytes, timeoutMs: 5000 });
  const peer = new Peer(socket, {
    local: serverToClient,
    remote: clientToServer,
    maxPayloadBytes,
    log: { warn: () => undefined },
  });
  peer.listen();
  try {
    return await talk(peer);
  } finally {
    socket.close();
  }
}

async function discover(home: string, run: string): Promise<Discovery> {
  const { discovery } = runPaths(runDirectory(home, run));
  try {
    return Discovery.parse(JSON.parse(await readFile(discovery, 'utf8')));
  } catch {
    throw new RunBetweenError(run);
  }
}
