/** Finds the agent server of this user and machine, or starts it: detached, so that it outlives whoever started it. */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, stat, truncate } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Discovery, maxServerFrameBytes } from './client.ts';
import { dial } from './dial.ts';
import { readDiscovery, type ServerPaths, serverPaths } from './discovery.ts';
import { DialError } from './rpcErrors.ts';
import { hasCode } from './thrown.ts';

/** Where a server can be reached. */
export interface ServerAddress {
  url: string;
  token: string;
  /** See `DialOptions.open`. */
  open?: (() => Duplex) | undefined;
}

export interface LocalServerOptions {
  /** Where tasks and runs are; see `homeDirectory`. */
  home: string;
  /** Program and arguments up to `serve`; `--foreground` is added. The home is handed over as `AIRA2_HOME`. */
  command: readonly string[];
  /** Of the server. Default: this process's own. */
  environment?: NodeJS.ProcessEnv;
  /** How long a server may take to listen, in milliseconds. Default 30 s: a loaded machine is slow, and one that dies is noticed. */
  waitMs?: number;
}

/** No server came up. The message ends with the last lines that it printed. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
  readonly log: string;

  constructor(problem: string, log: string, lastWords: string) {
    super(`The agent server did not start: ${problem}.${lastWords === '' ? '' : `\n${lastWords}`}\nIts log: ${log}`);
    this.log = log;
  }
}

/** A server is there and does not answer: its process is stopped, or overwhelmed. It is never replaced behind its back. */
export class ServerSilentError extends Error {
  override readonly name = 'ServerSilentError';
  readonly pid: number;

  constructor(pid: number, log: string) {
    super(
      `The agent server (process ${pid}) does not answer. If it is stopped, let it go on with \`kill -CONT ${pid}\`; to replace it, end it with \`kill -9 ${pid}\`: the next one takes up its runs. Its log: ${log}`,
    );
    this.pid = pid;
  }
}

/** Exit code of a server that found another one in its place. */
export const serverIsThere = 3;

const probeMs = 5000;
const maxOutputBytes = 256 * 1024;

/** The server that answers, or null if there is none. @throws {ServerSilentError} {DiscoveryError} */
export async function findServer(home: string): Promise<Discovery | null> {
  const paths = serverPaths(home);
  const found = await readDiscovery(paths.discovery);
  if (found === null) return null;
  switch (await probe(found)) {
    case 'answers':
      return found;
    case 'dead':
      return null;
    case 'silent':
      throw new ServerSilentError(found.pid, paths.log);
  }
}

/**
 * The server of this home, started if there is none. Several callers at the same moment end up with the same one.
 * @throws {ServerStartError} with what it printed; {ServerSilentError}; {DiscoveryError}
 */
export async function findOrStart(options: LocalServerOptions): Promise<Discovery> {
  const found = await findServer(options.home);
  if (found !== null) return found;
  const paths = serverPaths(options.home);
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  const { exited, offset } = await launch(options, paths);
  const waitMs = options.waitMs ?? 30_000;
  for (const deadline = Date.now() + waitMs; Date.now() < deadline; await sleep(50)) {
    const up = await findServer(options.home);
    if (up !== null) return up;
    const exit = exited();
    // The one that was there first is about to listen: it is waited for.
    if (exit !== null && exit !== String(serverIsThere))
      throw new ServerStartError(`it ended with ${exit}`, paths.log, await lastWords(paths.output, offset));
  }
  throw new ServerStartError(
    `it does not listen after ${waitMs / 1000} s`,
    paths.log,
    await lastWords(paths.output, offset),
  );
}

async function launch(options: LocalServerOptions, paths: ServerPaths) {
  const [program, ...args] = options.command;
  if (program === undefined) throw new Error('the command line of the agent server is empty');
  const offset = await outputEnd(paths.output);
  const output = await open(paths.output, 'a', 0o600);
  let exit: string | null = null;
  try {
    const child = spawn(program, [...args, '--foreground'], {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      // A folder that stays: the one this process stands in may be removed under a server that lives for weeks.
      cwd: paths.directory,
      env: { ...(options.environment ?? process.env), AIRA2_HOME: options.home },
    });
    child.on('exit', (code, signal) => {
      exit = String(code ?? signal);
    });
    child.on('error', (error) => {
      exit = error.message;
    });
    child.unref();
  } finally {
    await output.close();
  }
  return { exited: () => exit, offset };
}

/** Where new output begins. What was printed long ago is dropped: the file stays small. */
async function outputEnd(path: string): Promise<number> {
  try {
    const { size } = await stat(path);
    if (size <= maxOutputBytes) return size;
    await truncate(path, 0);
    return 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

async function lastWords(path: string, from: number): Promise<string> {
  const bytes = await readFile(path);
  return bytes.subarray(from).toString('utf8').trim().split('\n').slice(-20).join('\n');
}

async function probe({ url, token, pid }: Discovery): Promise<'answers' | 'dead' | 'silent'> {
  try {
    const socket = await dial({ url, token, maxPayloadBytes: maxServerFrameBytes, timeoutMs: probeMs });
    socket.close();
    return 'answers';
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    if (/ECONNREFUSED|ENOENT|ENOTSOCK|EACCES/.test(error.message)) return 'dead';
    // Somebody else has the port by now, and knows nothing of this token.
    if (error.status !== null) return error.status === 503 ? 'answers' : 'dead';
    return isAlive(pid) ? 'silent' : 'dead';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
