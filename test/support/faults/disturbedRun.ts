/** One run in real processes while strikes fall at random moments: its server is started again whenever it ends too soon. */
import { chmodSync, lstatSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unixUrl } from '../../../protocol/dial.ts';
import type { RunEvent } from '../../../protocol/run.ts';
import { hasCode } from '../../../protocol/thrown.ts';
import { runDirectory } from '../../../server/store/home.ts';
import { socketPathFor } from '../../../server/transport/unixSocket.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { audit, type Findings, nothingFound } from './audit.ts';
import { type HostSettings, interruptedStatus } from './host.ts';
import { startHost } from './hosted.ts';
import { Census } from './processes.ts';
import { Relay } from './relay.ts';
import { type Strike, strike } from './victims.ts';

/** Short enough that a stop can outlast them, long enough for a loaded machine. */
const timing = { leaseMs: 4000, graceMs: 4000, renewEveryMs: 500, keepAliveMs: 1500, watchEveryMs: 100 };
/** Longer than keep-alive, lease and grace together, and than a tool call may take. */
const longStopMs = 12_000;
const lookEveryMs = 50;
/** A run that tells nothing for so long will not tell any more, however busy the machine. */
const silenceMs = 300_000;
/** Servers that end of themselves, and not in order, before the run is given up. */
const mostCrashes = 3;

export interface DisturbedRunOptions {
  home: string;
  run: string;
  candidates: number;
  strikes: readonly Strike[];
  /** Between one strike and the next. */
  pauseMs: { from: number; to: number };
  random: SeededRandom;
  /** The run must have ended by then, whatever struck it. */
  deadlineMs: number;
  /** Where the folder of a run with findings is copied to. */
  keep?: string;
  log?: (line: string) => void;
}

export interface DisturbedRun {
  findings: Findings;
  struck: Strike[];
  /** Those whose victim was not there before the run had ended. */
  unspent: Strike[];
  /** Servers that were started after the first. */
  restarts: number;
  abandoned: number;
  seconds: number;
}

export async function disturbedRun(options: DisturbedRunOptions): Promise<DisturbedRun> {
  const { home, run, random, strikes, pauseMs, deadlineMs, log = () => undefined } = options;
  const temporary = await mkdtemp(join(tmpdir(), 'aira2-faults-'));
  // The unprivileged users of sandboxes pass through it.
  chmodSync(temporary, 0o755);
  const directory = runDirectory(home, run);
  const relay = await Relay.start(join(temporary, 'relay.sock'), socketPathFor(directory));
  const settings: HostSettings = {
    home,
    run,
    candidates: options.candidates,
    workers: 2,
    workersDial: unixUrl(join(temporary, 'relay.sock'), '/worker'),
    timing,
    researcher: { lookS: 0.3, thinkS: 0.4, programS: 0.4 },
  };
  const hosts = new Hosts(settings, temporary, log);
  const struck: Strike[] = [];
  const pending: Promise<void>[] = [];
  const queue = [...strikes];
  const began = Date.now();
  try {
    let nextAt = Date.now() + random.between(pauseMs.from, pauseMs.to);
    while (!hosts.finished) {
      if (Date.now() > began + deadlineMs) hosts.problems.push(`it had not ended after ${deadlineMs} ms`);
      else if (Date.now() > hosts.heardAt + silenceMs) hosts.problems.push(`nothing was told for ${silenceMs} ms`);
      if (hosts.problems.length >= mostCrashes || Date.now() > Math.min(began + deadlineMs, hosts.heardAt + silenceMs))
        break;
      await sleep(lookEveryMs);
      const processes = hosts.census.look();
      const [next] = queue;
      if (next === undefined || Date.now() < nextAt) continue;
      const scene = { random, processes, host: hosts.pid, relay, stopMs: { from: 200, to: 2500 }, longStopMs };
      const done = strike(next, scene);
      if (done === null) continue;
      log(`${Date.now() - began} ms: ${next.blow} ${next.victim}`);
      pending.push(done.over);
      struck.push(next);
      queue.shift();
      nextAt = Date.now() + random.between(pauseMs.from, pauseMs.to);
    }
    await Promise.all(pending);
    await relay.close();
    if (!hosts.finished) await hosts.kill();
    const findings = await audit({
      home,
      run,
      candidates: options.candidates,
      told: hosts.told,
      census: hosts.census,
      folders: [directory, temporary],
      temporary,
    });
    findings.broken.push(...hosts.problems);
    const abandoned = hosts.told.filter(({ body }) => body.type === 'candidate_abandoned').length;
    const seconds = Math.round((Date.now() - began) / 100) / 10;
    if (options.keep !== undefined && !nothingFound(findings))
      await cp(directory, join(options.keep, run), { recursive: true, filter: isPlain });
    return { findings, struck, unspent: queue, restarts: hosts.count - 1, abandoned, seconds };
  } finally {
    await Promise.all(pending);
    await hosts.kill();
    await relay.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

/** No sockets and pipes. */
const isPlain = (path: string) => !lstatSync(path).isSocket() && !lstatSync(path).isFIFO();

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** The servers of a run, one after the other, and what they have told. */
class Hosts {
  readonly census = new Census();
  readonly told: RunEvent[] = [];
  readonly problems: string[] = [];
  count = 0;
  finished = false;
  /** Of the server that runs now. */
  pid: number | null = null;
  readonly #serving: Promise<void>;
  readonly #settings: HostSettings;
  readonly #temporary: string;
  readonly #log: (line: string) => void;
  #ended = false;
  /** When the last event was told, or the first server started. */
  heardAt = Date.now();

  constructor(settings: HostSettings, temporary: string, log: (line: string) => void) {
    this.#settings = settings;
    this.#temporary = temporary;
    this.#log = log;
    this.#serving = this.#serve();
  }

  /** Ends all servers, workers and sandboxes that were ever seen, and starts no more. */
  async kill(): Promise<void> {
    this.#ended = true;
    for (let left = this.census.look(); left.length > 0; left = this.census.look()) {
      for (const { pid } of left) kill(pid);
      await sleep(lookEveryMs);
    }
    await this.#serving;
  }

  async #serve(): Promise<void> {
    while (!this.finished && !this.#ended && this.problems.length < mostCrashes) {
      this.count += 1;
      const host = startHost(this.#settings, this.#temporary, (event) => {
        this.told.push(event);
        this.heardAt = Date.now();
      });
      this.pid = host.pid;
      this.census.add(host.pid);
      const { exitCode, signal, stderr: words } = await host.ended;
      this.pid = null;
      this.#log(`the server ended: ${signal ?? exitCode}${words === '' ? '' : `, saying: ${words}`}`);
      if (exitCode === 0) this.finished = true;
      else if (signal !== 'SIGKILL' && exitCode !== interruptedStatus)
        this.problems.push(`a server ended with ${signal ?? exitCode}: ${words.slice(-1500)}`);
    }
  }
}
