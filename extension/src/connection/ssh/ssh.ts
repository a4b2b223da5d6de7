/**
 * Runs the person's own ssh: its configuration, keys, agent, jumps and known hosts hold. It never asks: a host whose key is not
 * known, or that wants a password, is an error that says what to do in a terminal.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface SshOptions {
  host: string;
  /** Another file than `~/.ssh/config`; undefined: that one. */
  configFile?: string | undefined;
}

export class SshError extends Error {
  override readonly name = 'SshError';
  readonly host: string;

  constructor(host: string, problem: string) {
    super(`ssh ${host}: ${problem}`);
    this.host = host;
  }
}

const connectSeconds = 15;
/** Of what a command prints. */
const maxOutput = 1024 * 1024;

/** Arguments of every call of ours, up to the host. */
export function sshArguments({ host, configFile }: SshOptions, more: readonly string[] = []): string[] {
  return [
    ...(configFile === undefined || configFile === '' ? [] : ['-F', configFile]),
    ...['-T', '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${connectSeconds}`],
    ...['-o', 'ServerAliveInterval=10', '-o', 'ServerAliveCountMax=3', '-o', 'ClearAllForwardings=no'],
    ...more,
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

/** Runs one command on the host with this input. */
export function pipeInto(options: SshOptions, command: string, input: Readable, timeoutMs: number): Promise<string> {
  return run(options, command, timeoutMs, (child) => {
    if (child.stdin === null) return;
    child.stdin.on('error', () => undefined);
    input.pipe(child.stdin);
  });
}

function run(
  options: SshOptions,
  command: string,
  timeoutMs: number,
  feed: (child: ChildProcess) => void,
): Promise<string> {
  const { host } = options;
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', [...sshArguments(options), command], { stdio: ['pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new SshError(host, `no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    const out = collect(child.stdout);
    const err = collect(child.stderr);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new SshError(host, startProblem(error)));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(out());
      else reject(new SshError(host, explainSsh(host, code, err(), out())));
    });
    feed(child);
  });
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

export function startProblem(error: Error): string {
  return 'code' in error && error.code === 'ENOENT' ? 'there is no ssh on this machine’s PATH' : error.message;
}

/** ssh's own failures have the code 255; others are the script's. */
export function explainSsh(host: string, code: number | null, stderr: string, stdout: string): string {
  const words = (stderr === '' ? stdout : stderr).split('\n').slice(-4).join(' ').slice(0, 500);
  if (code !== 255) return words === '' ? `the command there ended with ${code}` : words;
  if (/host key verification failed|authenticity of host/i.test(stderr))
    return `its host key is not known here. Connect once in a terminal (ssh ${host}) and look at the key before you accept it.`;
  if (/remote host identification has changed/i.test(stderr))
    return 'its host key is another than before. Find out why before you remove the old one from known_hosts.';
  if (/permission denied/i.test(stderr))
    return `it lets you in with neither key nor agent. This window cannot ask for passwords: set up a key, or load it with ssh-add. (${words})`;
  return words === '' ? 'the connection was refused' : words;
}
