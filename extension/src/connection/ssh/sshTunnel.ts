/** A server's socket on another machine, brought to a socket of this one by ssh. Nothing listens on the network. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unixUrl } from '../../../../protocol/dial.ts';
import { canConnect } from './canConnect.ts';
import { explainSsh, SshError, type SshOptions, sshArguments, startProblem } from './ssh.ts';

export interface Tunnel {
  /** Of the server, as this machine reaches it. */
  url: string;
  isOpen(): boolean;
  close(): Promise<void>;
}

const openMs = 20_000;

/** Where a server listens, taken apart. */
export interface Listening {
  /** A socket's path, or `127.0.0.1:<port>`. */
  address: string;
  /** Of the WebSocket. */
  path: string;
}

/** @returns null for an address that is not of the server's own machine */
export function listeningOf(url: string): Listening | null {
  const unix = /^ws\+unix:(?:\/\/)?(\/[^:]*):(\/.*)$/.exec(url);
  if (unix?.[1] !== undefined && unix[2] !== undefined) return { address: decodeURIComponent(unix[1]), path: unix[2] };
  const tcp = /^ws:\/\/(?:127\.0\.0\.1|localhost):(\d+)(\/.*)$/.exec(url);
  return tcp?.[1] === undefined || tcp[2] === undefined ? null : { address: `127.0.0.1:${tcp[1]}`, path: tcp[2] };
}

/** @throws {SshError} if it does not come up */
export async function openTunnel(ssh: SshOptions, { address, path }: Listening): Promise<Tunnel> {
  // Short: the path of a socket has a hundred characters or so.
  const folder = await mkdtemp(join(tmpdir(), 'aira2-'));
  const local = process.platform === 'win32' ? `127.0.0.1:${await freePort()}` : join(folder, 's');
  const child = spawn(
    'ssh',
    sshArguments(ssh, ['-N', '-o', 'ExitOnForwardFailure=yes', '-o', 'ControlPath=none', '-L', `${local}:${address}`]),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let words = '';
  let end: string | null = null;
  child.stderr.on('data', (piece: Buffer) => {
    words = (words + piece.toString('utf8')).slice(-4000);
  });
  child.on('error', (error) => {
    end = startProblem(error);
  });
  child.on('exit', (code) => {
    end ??= explainSsh(ssh.host, code, words, '');
  });
  const close = async () => {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  };
  const hasEnded = (): string | null => end;
  for (const deadline = Date.now() + openMs; ; await sleep(50)) {
    const why = hasEnded() ?? (Date.now() > deadline ? `the tunnel did not open within ${openMs / 1000} s` : null);
    if (why !== null) {
      await close();
      throw new SshError(ssh.host, why);
    }
    if (await canConnect(local)) break;
  }
  const url = local.startsWith('127.') ? `ws://${local}${path}` : unixUrl(local, path);
  return { url, isOpen: () => hasEnded() === null, close };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
