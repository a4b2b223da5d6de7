/**
 * One connection to a server's socket on another machine: what is written goes through ssh to a small relay there. No port and
 * no socket is opened on this side, none of the host's forwarding options is needed, and when this process dies, so do both ends.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { quoted } from './quoted.ts';
import { explainSsh, SshError, type SshOptions, sshArguments, startProblem } from './ssh.ts';

/** Where a server listens on its own machine. */
export type Listening = { path: string } | { host: '127.0.0.1'; port: number };

/** @returns null for an address that is not of the server's own machine */
export function listeningOf(url: string): Listening | null {
  const unix = /^ws\+unix:(?:\/\/)?(\/[^:]*):\/.*$/.exec(url)?.[1];
  if (unix !== undefined) return { path: decodeURIComponent(unix) };
  const port = /^ws:\/\/(?:127\.0\.0\.1|localhost):(\d+)\/.*$/.exec(url)?.[1];
  return port === undefined ? null : { host: '127.0.0.1', port: Number(port) };
}

/** Exit code of a relay whose server is not there. */
const nobodyListens = 69;

/**
 * Runs in the Node of the other machine. Without quotes of the kind that encloses it, without exclamation marks and without
 * newlines: some login shells read those their own way.
 */
const relay = [
  'const s=require("net").connect(JSON.parse(process.argv[1]));let up=false;',
  's.on("connect",()=>{up=true;process.stdin.pipe(s);s.pipe(process.stdout)});',
  's.on("error",(e)=>{process.stderr.write(e.message);process.exit(',
  `up?1:${nobodyListens})});`,
  's.on("close",()=>process.exit());process.stdout.on("error",()=>process.exit())',
].join('');

export interface SshStreamOptions {
  ssh: SshOptions;
  /** Path of Node there. */
  node: string;
  listening: Listening;
}

export class SshStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #words = '';
  #ending: 'nobody listens' | SshError | null = null;

  /** @throws {SshError} for what is no name of a host */
  constructor({ ssh, node, listening }: SshStreamOptions) {
    super({ allowHalfOpen: false });
    const command = `exec ${quoted(node)} -e ${quoted(relay)} ${quoted(JSON.stringify(listening))}`;
    const how = { stdio: 'pipe', windowsHide: true } as const;
    this.#child = spawn('ssh', [...sshArguments(ssh), command], how);
    const { stdin, stdout, stderr } = this.#child;
    const fail = (problem: SshError) => {
      if (this.destroyed) return;
      this.#ending ??= problem;
      this.destroy(problem);
    };
    stdout.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) stdout.pause();
    });
    stderr.on('data', (bytes: Buffer) => {
      this.#words = (this.#words + bytes.toString('utf8')).slice(-4000);
    });
    // The end of the process tells more.
    stdin.on('error', () => undefined);
    this.#child.on('error', (error) => fail(new SshError(ssh.host, 'refused', startProblem('ssh', error))));
    this.#child.on('close', (code) => {
      const problem = explainSsh(ssh.host, code, this.#words.trim(), '');
      if (code === nobodyListens) this.#ending = 'nobody listens';
      if (code === 0) this.push(null);
      else fail(problem);
    });
  }

  /** Why it ended otherwise than by being closed; null if it did not. */
  get ending(): 'nobody listens' | SshError | null {
    return this.#ending;
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#child.stdin.write(bytes, () => done());
  }

  override _final(done: () => void): void {
    const { stdin } = this.#child;
    // Of a stream that has closed by itself `end` says nothing any more.
    if (stdin.destroyed || stdin.closed) done();
    else stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }
}
