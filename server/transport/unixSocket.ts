/** Unix sockets that only their owner reaches: mode 0600 in a folder of mode 0700, short enough for the kernel. */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EndpointInUseError, SocketPathError } from './endpointErrors.ts';

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, with a final zero. */
const maxPathBytes = 103;

/**
 * Where a server with this state folder listens: inside it, or, where that path is too long for a socket, in a private
 * folder under the temporary directory. The same folder always gives the same path, so that workers find it again.
 */
export function socketPathFor(stateDirectory: string): string {
  const inside = join(stateDirectory, 'server.sock');
  if (Buffer.byteLength(inside) <= maxPathBytes) {
    return inside;
  }
  const key = createHash('sha256').update(stateDirectory).digest('hex').slice(0, 16);
  return join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `aira2-${process.getuid?.() ?? 'user'}-${key}`, 'server.sock');
}

/**
 * Makes the folder private and removes the socket of a dead server.
 * @throws SocketPathError too long, or in a folder that is not ours alone. EndpointInUseError a server answers there.
 */
export async function claimSocketPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new SocketPathError(path, `longer than ${maxPathBytes} bytes`, 'choose a shorter folder');
  }
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new SocketPathError(path, 'its folder belongs to somebody else', 'remove that folder or choose another');
  }
  await chmod(folder, 0o700);
  if (await answers(path)) {
    throw new EndpointInUseError(path);
  }
  await rm(path, { force: true });
}

/** Only the owner may connect. The folder is private already, so there is no moment at which others could. */
export async function restrictSocket(path: string): Promise<void> {
  await chmod(path, 0o600);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (alive: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(alive);
    };
    // A full backlog of a stopped server is still a server.
    const timer = setTimeout(() => settle(true), 2000);
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
