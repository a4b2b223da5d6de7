/** Where an agent works: a sandbox on some worker, as the loop sees it. */
import type { ProgramFile } from '../../protocol/worker.ts';

/** What was in a folder of the sandbox, or why it cannot be taken. */
export type Collected = { files: ProgramFile[] } | { refused: string };

/**
 * The agent's place of work: a sandbox on some worker. Calls are idempotent by `execId`: the worker keeps a result until
 * `commit` has put it on disk, so that a killed server asks again and gets the same.
 */
export interface Workbench {
  bash(
    execId: string,
    command: string,
    timeoutMs: number,
    commit: (result: ToolOutcome) => Promise<void>,
  ): Promise<void>;
  python(
    execId: string,
    code: string,
    timeoutMs: number,
    commit: (result: ToolOutcome) => Promise<void>,
  ): Promise<void>;
  /** @param proof a file that must have been written just now: without it nothing is taken */
  collect(
    execId: string,
    directory: string,
    commit: (result: Collected) => Promise<void>,
    proof?: FreshFile,
  ): Promise<void>;
  /** False when a resumed agent finds a fresh sandbox in place of the one it had. */
  readonly kept: boolean;
}

/** A file that is not empty and was last written at most so long ago. */
export interface FreshFile {
  path: string;
  withinMs: number;
}

export interface ToolOutcome {
  outcome: 'ok' | 'error' | 'timeout' | 'session_lost' | 'interrupted';
  text: string;
  fullTextPath: string | null;
  /** All of a long output (its beginning, where it is very long), packed, for people. */
  fullTextGzipBase64?: string | undefined;
  durationMs: number;
}
