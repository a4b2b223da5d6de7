/** What set-up says and how it fails: one plain line per step, and errors that end with what to do. */
import { execa } from 'execa';

export type Say = (line: string) => void;

/** A step of set-up that cannot go on. The message names what is missing and the command that mends it. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly step: string;

  constructor(step: string, message: string, cause?: unknown) {
    super(`${step}: ${message}`, cause === undefined ? undefined : { cause });
    this.step = step;
  }
}

export interface CommandOutcome {
  ok: boolean;
  /** Both streams, together, trimmed; bounded by the last 4,000 characters. */
  output: string;
}

/**
 * Runs a command of set-up without showing its output.
 * @param timeoutS seconds after which it is killed and counts as failed
 * @param options.signal ends it early; it has failed then, too
 */
export async function runQuietly(
  file: string,
  args: readonly string[],
  timeoutS: number,
  options: { environment?: Record<string, string>; user?: number; signal?: AbortSignal | undefined } = {},
): Promise<CommandOutcome> {
  const result = await execa(file, args, {
    all: true,
    reject: false,
    stdin: 'ignore',
    cwd: '/',
    timeout: timeoutS * 1000,
    forceKillAfterDelay: 5000,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.environment === undefined ? {} : { env: options.environment }),
    ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
  });
  const said = result.all.trim() || (result.failed ? (result.shortMessage ?? 'it could not be started') : '');
  const late = result.timedOut ? `\nIt was stopped after ${timeoutS} s.` : '';
  return { ok: !result.failed, output: said.slice(-4000) + late };
}
