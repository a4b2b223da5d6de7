/** A stateful bash for an agent: bounded time and output, and a new shell, with a clear word, when one is lost. */
import { readFileSync } from 'node:fs';
import { childrenNow, descendantsOf, identity, startedSince } from '../sandbox/processTree.ts';
import type { Sandbox, SandboxedProcess } from '../sandbox/sandbox.ts';
import { agentBounds, OutputWindow } from './outputWindow.ts';
import { composeText, LateOutput } from './resultText.ts';
import { type CommandEnd, Shell } from './shell.ts';
import {
  type CallOptions,
  LiveOutput,
  type StopReason,
  StopRequest,
  sayDuration,
  type ToolResult,
} from './toolResult.ts';

/** bash reads a command byte by byte: more than this would take noticeable time. */
export const maxCommandBytes = 256 * 1024;

/** How long a new shell may take to start in a sandbox that is in use. */
const renewDeadlineMs = 10_000;
/** Shells that have ended, whose background jobs may still write. */
const maxFormerShells = 4;

/** How long a shell may take to read a command that is to be ended at once, milliseconds. */
const beginDeadlineMs = 2_000;

/** The rungs of the ladder that ends a command, and how long each may take to work, in milliseconds. */
export const ladder = [
  { rung: 'SIGINT', waitMs: 1000 },
  { rung: 'SIGTERM', waitMs: 500 },
  { rung: 'SIGKILL', waitMs: 750 },
  // Longer than it takes to know that a shell has ended when its end is reported by nobody.
  { rung: 'shell', waitMs: 3000 },
  { rung: 'sandbox', waitMs: 2000 },
] as const;
type Rung = (typeof ladder)[number]['rung'];

/**
 * How long a signal has before we look again. Those that a loop starts meanwhile are met then; and the shell leaves a loop
 * only if the child that it waits for died of the interrupt too, and not an instant before by itself.
 */
const roundMs = 100;

/** A command that is being ended. */
interface Stopping {
  shell: Shell;
  ended: Promise<CommandEnd>;
  /** When it began, seconds since boot. */
  since: number;
  /** Who has had a SIGINT: he gets no second one while he cleans up, nor do those whom he starts for that. */
  interrupted: Set<string>;
}

export class BashSession {
  readonly #sandbox: Sandbox;
  readonly #fileName: () => string;
  readonly #late: LateOutput;
  #shell: Shell;
  #former: Shell[] = [];
  /** Processes that earlier commands have left in the background. Their start alone is known to a hundredth only. */
  #background: ReadonlySet<string> = new Set();

  private constructor(sandbox: Sandbox, fileName: () => string, late: LateOutput, shell: Shell) {
    this.#sandbox = sandbox;
    this.#fileName = fileName;
    this.#late = late;
    this.#shell = shell;
  }

  /** @param fileName names the next file of an output too long to show */
  static async open(sandbox: Sandbox, fileName: () => string): Promise<BashSession> {
    const late = new LateOutput();
    const shell = await Shell.start(sandbox, sandbox.path('/workspace'), late.write);
    return new BashSession(sandbox, fileName, late, shell);
  }

  async run(command: string, options: CallOptions): Promise<ToolResult> {
    const begun = performance.now();
    const refusal = refuse(command);
    if (refusal !== null) return result('error', refusal, null, null, begun);
    if (!this.#shell.alive) {
      const text = `[The command was not run: the shell had ended since the last one. ${await this.#renew()}]`;
      return result('session_lost', text, null, null, begun);
    }
    const shell = this.#shell;
    const late = await this.#late.take();
    const window = new OutputWindow(agentBounds, { sandbox: this.#sandbox, name: this.#fileName });
    const live = new LiveOutput(options.onOutput);
    const since = secondsSinceBoot();
    const ended = shell.execute(command, (chunk) => {
      window.write(chunk, shell.process.stdout);
      live.write(chunk);
    });
    const { end, stopped, rung } = await this.#await(shell, ended, since, options);
    const durationMs = performance.now() - begun;
    live.flush();
    if (end.jobs !== null) this.#background = await this.#leftBy(shell);
    const shown = await window.finish();
    const notes: string[] = [];
    if (stopped !== null && rung !== null) notes.push(sayStopped(stopped, rung, options.timeoutMs));
    if (end.shellEnded) notes.push(`The shell ended (exit status ${end.code ?? 'unknown'}). ${await this.#renew()}`);
    const text = late + composeText(shown, end.jobs, notes);
    const outcome = end.shellEnded ? 'session_lost' : (stopped ?? (end.code === 0 ? 'ok' : 'error'));
    const { fullTextPath, fullTextGzipBase64: packed } = shown;
    const handed = packed === undefined ? {} : { fullTextGzipBase64: packed };
    return { kind: 'tool', outcome, text, fullTextPath, ...handed, exitCode: end.code, durationMs };
  }

  /** Waits for the end of a command; at its deadline, or when asked to, climbs the ladder. */
  async #await(shell: Shell, ended: Promise<CommandEnd>, since: number, options: CallOptions) {
    const stop = new StopRequest(options);
    try {
      const first = await Promise.race([ended, stop.asked]);
      if (typeof first !== 'string') return { end: first, stopped: null, rung: null };
      await Promise.race([shell.begun, ended, wait(beginDeadlineMs)]);
      const interrupted = new Set<string>();
      for (const { rung, waitMs } of ladder) {
        const end = await this.#climb(rung, waitMs, { shell, ended, since, interrupted });
        if (end !== null) return { end, stopped: first, rung };
      }
      // The sandbox is dead and so is the shell, whatever has become of the news.
      const end: CommandEnd = { shellEnded: true, code: null, jobs: null };
      return { end, stopped: first, rung: 'sandbox' as const };
    } finally {
      stop.dispose();
    }
  }

  async #climb(rung: Rung, waitMs: number, running: Stopping): Promise<CommandEnd | null> {
    const until = performance.now() + waitMs;
    for (let round = 0; performance.now() < until; round += 1) {
      if (round === 0 || rung !== 'sandbox') await this.#signalAll(rung, round === 0, running);
      const left = Math.max(1, until - performance.now());
      const end = await Promise.race([running.ended, wait(Math.min(roundMs, left))]);
      if (end !== null) return end;
    }
    return null;
  }

  async #leftBy(shell: Shell): Promise<ReadonlySet<string>> {
    const processes = await this.#sandbox.processes();
    const bash = processes.find(({ pid }) => pid === shell.process.pid);
    return new Set(bash === undefined ? [] : descendantsOf(processes, bash.hostPid).map(identity));
  }

  async #signalAll(rung: Rung, isFirst: boolean, { shell, since, interrupted }: Stopping): Promise<void> {
    const sandbox = this.#sandbox;
    if (rung === 'sandbox') {
      await sandbox.kill();
      return;
    }
    const bash = (await sandbox.processes()).find(({ pid }) => pid === shell.process.pid);
    if (bash === undefined) return;
    this.#freeze(bash);
    const all = startedSince(await sandbox.processes(), bash.hostPid, since, this.#background);
    const { old = [], fresh = [] } = byAge(all, interrupted);
    // What it waited for has gone, of a signal that tells a shell nothing: it is on its own, with what comes after.
    const isAlone = all.length === 0 && rung !== 'SIGINT';
    const isForced = rung === 'SIGKILL' || rung === 'shell' || (rung === 'SIGTERM' && isFirst);
    // It may have ended while we looked.
    if (shell.busy && (isFirst || isAlone || fresh.length > 0 || (isForced && old.length > 0))) {
      if (isForced) for (const each of old) sandbox.signal(each, rung === 'shell' ? 'SIGKILL' : rung);
      for (const each of [...fresh, bash]) sandbox.signal(each, rung === 'shell' ? 'SIGKILL' : 'SIGINT');
      for (const each of fresh) interrupted.add(program(each));
      shell.askAgain();
    }
    // A stopped process takes no other signal. The shell last: its child must have died of the interrupt when it looks.
    for (const target of [...all, bash]) sandbox.signal(target, 'SIGCONT');
  }

  /**
   * Holds the shell and the child that it waits for. In a loop of short programs any child that is seen has ended by
   * itself a moment later, and a shell whose child ends by itself does not take an interrupt for its own.
   */
  #freeze(bash: SandboxedProcess): void {
    const spared = new Set([...this.#background].map((each) => Number(each.split('@')[0])));
    this.#sandbox.signal(bash, 'SIGSTOP');
    for (const hostPid of childrenNow(bash.hostPid)) {
      if (!spared.has(hostPid)) this.#sandbox.signal({ hostPid }, 'SIGSTOP');
    }
  }

  /** Starts a new shell where the last one was. @returns what to tell the agent */
  async #renew(): Promise<string> {
    const lost = 'shell variables, functions, aliases and options are lost; files and background processes are kept';
    if (this.#sandbox.dead) return 'The whole sandbox has ended with it.';
    const { directory } = this.#shell;
    this.#former.push(this.#shell);
    if (this.#former.length > maxFormerShells) this.#former.shift()?.process.release();
    try {
      // In a sandbox full of processes (a fork bomb) nothing new starts.
      const late = wait(renewDeadlineMs).then(() => Promise.reject(new Error('no new shell in time')));
      this.#shell = await Promise.race([Shell.start(this.#sandbox, directory, this.#late.write), late]);
    } catch {
      await this.#sandbox.kill();
      return 'No new one could be started: the whole sandbox was ended.';
    }
    return `A new one was started in ${directory}: ${lost}`;
  }
}

/** A process as the program that it runs: one that has just been forked loses an interrupt as it turns into another. */
function program(process: SandboxedProcess): string {
  return `${identity(process)} ${process.name}`;
}

/** Divides what a command has started: who has been interrupted or comes from such a one, and the rest. */
function byAge(processes: readonly SandboxedProcess[], interrupted: ReadonlySet<string>) {
  const old = new Set<number>();
  // Each comes after the one that it was started by.
  for (const each of processes) {
    if (interrupted.has(program(each)) || old.has(each.parentHostPid)) old.add(each.hostPid);
  }
  return Object.groupBy(processes, ({ hostPid }) => (old.has(hostPid) ? 'old' : 'fresh'));
}

function refuse(command: string): string | null {
  if (command.includes('\0')) return '[The command was not run: it contains a NUL character, which bash cannot take.]';
  const bytes = Buffer.byteLength(command);
  if (bytes <= maxCommandBytes) return null;
  return (
    `[The command was not run: it has ${bytes.toLocaleString('en-US')} bytes, and ` +
    `${maxCommandBytes.toLocaleString('en-US')} is the most that bash is given at once. ` +
    'Write long text to a file in several commands (`cat >>file <<EOF`), or from Python.]'
  );
}

function sayStopped(why: StopReason, rung: Rung, timeoutMs: number): string {
  const what = why === 'timeout' ? `Timed out after ${sayDuration(timeoutMs)}` : 'Interrupted';
  switch (rung) {
    case 'SIGINT':
      return `${what}: the command was interrupted (SIGINT)`;
    case 'SIGTERM':
      return `${what}: the command ignored SIGINT and was ended with SIGTERM`;
    case 'SIGKILL':
      return `${what}: the command ignored SIGINT and SIGTERM and was killed`;
    case 'shell':
      return `${what}: only killing the shell ended the command`;
    case 'sandbox':
      return `${what}: only killing the whole sandbox ended the command`;
  }
}

function result(
  outcome: ToolResult['outcome'],
  text: string,
  fullTextPath: string | null,
  exitCode: number | null,
  begun: number,
): ToolResult {
  return { kind: 'tool', outcome, text, fullTextPath, exitCode, durationMs: performance.now() - begun };
}

function wait(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());
}

function secondsSinceBoot(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) - 0.005;
}
