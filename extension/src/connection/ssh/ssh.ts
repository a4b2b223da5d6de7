/**
 * Runs the person's own ssh: its configuration, keys, agent, jumps, known hosts and open connections hold. It never asks: a host
 * whose key is not known, or that wants a password, is an error that says what to do in a terminal.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { isHostName } from './sshHosts.ts';

export interface SshOptions {
  host: string;
  /** Another file than `~/.ssh/config`; undefined: that one. */
  configFile?: string | undefined;
  /** Ends what is under way. */
  signal?: AbortSignal | undefined;
}

/** `refused`: the host, or ssh's care, will say the same next time. `link`: it may be there again later. `there`: at its other end. */
export type SshProblem = 'refused' | 'link' | 'there';

export class SshError extends Error {
  override readonly name = 'SshError';
  readonly host: string;
  readonly problem: SshProblem;

  constructor(host: string, problem: SshProblem, words: string) {
    super(`ssh ${host}: ${words}`);
    this.host = host;
    this.problem = problem;
  }
}

const connectSeconds = 15;
/** Of what a command prints. */
const maxOutput = 1024 * 1024;

/**
 * Arguments of every call of ours, up to the host. A connection that the person holds open is used (ControlPath), none is kept
 * for others; what the configuration wants for the person's own sessions (forwardings, a command such as tmux, silence) is not
 * taken over.
 * @throws {SshError} for what is no name of a host
 */
export function sshArguments({ host, configFile }: SshOptions): string[] {
  if (!isHostName(host)) throw new SshError(host, 'refused', 'this is no name of a host, nor user@host.');
  return [
    ...(configFile === undefined || configFile === '' ? [] : ['-F', configFile]),
    ...['-T', '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${connectSeconds}`],
    ...['-o', 'ServerAliveInterval=10', '-o', 'ServerAliveCountMax=3'],
    ...['-o', 'ClearAllForwardings=yes', '-o', 'ControlMaster=no', '-o', 'RemoteCommand=none', '-o', 'LogLevel=ERROR'],
    '--',
    host,
  ];
}

/**
 * Runs a shell script on the host; the script goes in on standard input, so that nothing in it has to be quoted.
 * @returns what it printed
 * @throws {SshError} in words for a person
 */
export function runScript(options: SshOptions, script: string, timeoutMs: number): Promise<string> {
  return run(options, 'sh -s', timeoutMs, (child) => {
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(script);
  });
}

/** Runs one command on the host with this input. @throws {SshError} */
export function pipeInto(options: SshOptions, command: string, input: Readable, timeoutMs: number): Promise<string> {
  return run(options, command, timeoutMs, (child) => {
    if (child.stdin === null) return;
    child.stdin.on('error', () => undefined);
    input.pipe(child.stdin);
  });
}

async function run(
  options: SshOptions,
  command: string,
  timeoutMs: number,
  feed: (child: ChildProcess) => void,
): Promise<string> {
  const { host, signal } = options;
  const args = [...sshArguments(options), command];
  if (signal?.aborted === true) throw givenUp(host);
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const end = (error: SshError) =>
      settle(() => {
        child.kill('SIGKILL');
        reject(error);
      });
    const onAbort = () => end(givenUp(host));
    const timer = setTimeout(
      () => end(new SshError(host, 'link', `no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    const out = collect(child.stdout);
    const err = collect(child.stderr);
    child.on('error', (error) => settle(() => reject(new SshError(host, 'refused', startProblem('ssh', error)))));
    child.on('close', (code) =>
      settle(() => {
        if (code === 0) resolve(out());
        else reject(explainSsh(host, code, err(), out()));
      }),
    );
    feed(child);
  });
}

function givenUp(host: string): SshError {
  return new SshError(host, 'link', 'given up');
}

function collect(stream: Readable | null): () => string {
  const pieces: Buffer[] = [];
  let length = 0;
  stream?.on('data', (piece: Buffer) => {
    if (length < maxOutput) pieces.push(piece);
    length += piece.byteLength;
  });
  return () => Buffer.concat(pieces).toString('utf8').trim();
}

export function startProblem(program: string, error: Error): string {
  const isMissing = 'code' in error && error.code === 'ENOENT';
  return isMissing ? `there is no ${program} on this machine’s PATH.` : `${program} does not start: ${error.message}`;
}

/** ssh's own failures have the code 255; others are the command's. */
export function explainSsh(host: string, code: number | null, stderr: string, stdout: string): SshError {
  const words = tellingLines(stderr === '' ? stdout : stderr);
  if (code !== 255) return new SshError(host, 'there', words === '' ? `the command there ended with ${code}` : words);
  const refused = (why: string) => new SshError(host, 'refused', why);
  // Before the next one: of a changed key ssh says both.
  if (/remote host identification has changed/i.test(stderr))
    return refused(
      `its host key is another than before. Find out why before you remove the old one from known_hosts (ssh-keygen -R).`,
    );
  if (/host key verification failed|authenticity of host/i.test(stderr))
    return refused(
      `its host key is not known here. Connect once in a terminal (ssh ${host}) and look at the key before you accept it.`,
    );
  if (/permission denied|too many authentication failures/i.test(stderr))
    return refused(
      `it does not let you in with the keys that ssh offers. This window cannot ask for a password: see that “ssh ${host}” in a terminal asks for none (another user name, a key, ssh-add). (${words})`,
    );
  return new SshError(host, 'link', words === '' ? 'the connection has ended' : words);
}

/** The last lines, and of a program that has crashed the one that names the error. */
function tellingLines(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const last = lines.slice(-4);
  const error = lines.slice(0, -4).findLast((line) => /^\w*Error\b/.test(line));
  return [...(error === undefined ? [] : [error]), ...last].join(' ').slice(0, 500);
}
