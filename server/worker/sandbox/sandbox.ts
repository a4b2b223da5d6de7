/**
 * One interface to every way of isolating a program: bubblewrap, podman, docker, Apptainer, or none. A driver starts a
 * sandbox and processes in it that talk over three byte streams; sessions and evaluations are built on that alone.
 */
import type { Readable, Writable } from 'node:stream';
import type { SandboxDriverName } from '../../../protocol/run.ts';
import type { Limits, Mount } from '../../../protocol/worker.ts';

export interface SandboxOptions {
  /** Opaque: no host name, path or task shows in it. */
  id: string;
  /** Number of the worker's slot: names the unprivileged user that stands behind the sandbox when the worker is root. */
  slot: number;
  mounts: Mount[];
  environment: Record<string, string>;
  limits: Limits;
  /** Host numbers of the CPUs it may use; empty: all. */
  cpuList: number[];
  gpuUuid: string | null;
  /** Virtual environment of the host, shown read-only at /opt/venv. */
  venv: string;
  /**
   * Image whose userland and Python are shown in place of the host's own. Left out: the host's. Drivers that know no
   * images refuse to start with one.
   */
  image?: string;
}

/** A process inside a sandbox, reached by pipes that are not sockets (`/dev/stdout` must open). */
export interface SandboxProcess {
  /** Its number as processes inside the sandbox see it. */
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the process has ended; `code` is null when nobody can tell, 128 + n after signal n. */
  readonly exited: Promise<{ code: number | null }>;
  /** Closes the three streams. What the process writes from then on is lost to it as a broken pipe. */
  release(): void;
}

/** What the host sees of one process of a sandbox. */
export interface SandboxedProcess {
  hostPid: number;
  /** Number inside the sandbox. */
  pid: number;
  parentHostPid: number;
  /** Seconds since the machine's boot, to a hundredth. */
  startedAt: number;
  name: string;
}

export interface Sandbox {
  readonly id: string;
  /** Limits that this driver cannot hold here, in words. */
  readonly notEnforced: readonly string[];
  /** True if `kill -9 -1` inside reaches the sandbox's processes and nobody else's. */
  readonly ownsProcessIds: boolean;
  /** True once everything in it is dead. */
  readonly dead: boolean;
  readonly exited: Promise<void>;
  /** Starts a process inside. `command[0]` is looked up on the sandbox's PATH. @throws {SandboxDeadError} */
  spawn(command: readonly string[], options?: { directory?: string }): Promise<SandboxProcess>;
  /** The path under which the processes of this sandbox find what the contract calls `inside` (e.g. `/workspace`). */
  path(inside: string): string;
  /** Every process in it, as the host sees them. */
  processes(): Promise<SandboxedProcess[]>;
  /** Sends a signal from the host; a process that is gone is no error. */
  signal(process: Pick<SandboxedProcess, 'hostPid'>, signal: NodeJS.Signals): void;
  /** Peak memory of everything in it so far, MiB; null where nobody counts. */
  peakMemoryMb(): number | null;
  /** How many processes of it the kernel has killed for memory. */
  outOfMemoryKills(): number;
  /** Kills everything in it and frees what it held. Idempotent; resolves when nothing of it is left. */
  kill(): Promise<void>;
}

export interface SandboxDriver {
  readonly name: SandboxDriverName;
  /** What sandboxes of this driver cannot hold a program to on this machine, in words. */
  readonly notEnforced: readonly string[];
  /** Starts an empty sandbox. @throws {SandboxStartError} */
  start(options: SandboxOptions): Promise<Sandbox>;
}

/** The sandbox could not be started: the machine's fault, never the program's. */
export class SandboxStartError extends Error {
  override readonly name = 'SandboxStartError';
  readonly driver: SandboxDriverName;
  readonly problem: string;
  readonly fix: string;
  constructor(driver: SandboxDriverName, problem: string, fix: string, options: ErrorOptions = {}) {
    super(`The ${driver} sandbox did not start: ${problem}. ${fix}`, options);
    this.driver = driver;
    this.problem = problem;
    this.fix = fix;
  }
}

/** For drivers that show the host's own userland and nothing else. @throws {SandboxStartError} if an image is asked for */
export function refuseImage(driver: SandboxDriverName, options: Pick<SandboxOptions, 'image'>): void {
  if (options.image === undefined) return;
  const fix = 'Choose --sandbox podman, docker or apptainer for images, or leave the image out.';
  throw new SandboxStartError(driver, `it has no images, and ${options.image} was asked for`, fix);
}

/** What the driver needs is not installed here: nothing is wrong with the machine, unless nothing else works either. */
export class SandboxAbsentError extends SandboxStartError {}

/** The sandbox died, or was killed, before it could do what was asked. */
export class SandboxDeadError extends Error {
  override readonly name = 'SandboxDeadError';
  readonly sandboxId: string;
  constructor(sandboxId: string, doing: string) {
    super(`Sandbox ${sandboxId} is dead: ${doing}. Start a new one.`);
    this.sandboxId = sandboxId;
  }
}
