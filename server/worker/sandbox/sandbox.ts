/**
 * One interface to every way of isolating a program: bubblewrap, podman, docker, Apptainer, or none. A driver starts a
 * sandbox and processes in it that talk over three byte streams; sessions and evaluations are built on that alone.
 */
import type { Readable, Writable } from 'node:stream';
import type { Limits, Mount } from '../../../protocol/worker.ts';

export interface SandboxOptions {
  /** Opaque: no host name, path or task shows in it. */
  id: string;
  mounts: Mount[];
  environment: Record<string, string>;
  limits: Limits;
  /** Host numbers of the CPUs it may use; empty: all. */
  cpuList: number[];
  gpuUuid: string | null;
  venv: string;
}

/** A process inside a sandbox, reached by pipes that are not sockets (`/dev/stdout` must open). */
export interface SandboxProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface Sandbox {
  readonly id: string;
  /** Limits that this driver cannot hold here, in words. */
  readonly notEnforced: readonly string[];
  readonly exited: Promise<void>;
  /** Peak memory of everything in it so far, MiB; null where nobody counts. */
  peakMemoryMb(): number | null;
  /** True if the kernel has killed something in it for memory. */
  outOfMemory(): boolean;
  /** Kills everything in it and frees what it held. Idempotent; resolves when nothing of it is left. */
  kill(): Promise<void>;
}
