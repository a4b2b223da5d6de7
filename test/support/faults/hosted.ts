/** A server of `host.ts` as a child process, and what it tells while it lives. */
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { RunEvent } from '../../../protocol/run.ts';
import { type HostSettings, hostProgram } from './host.ts';

export interface Hosted {
  pid: number;
  /** Ends when the process has, and all that it told has been heard. */
  ended: Promise<{ exitCode: number | null; signal: string | null; stderr: string }>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * @param temporary folder for what the server's workers lay down outside of the home
 * @param onTold gets each event that a client would be told of; a line that was cut off by a kill was told to nobody
 */
export function startHost(settings: HostSettings, temporary: string, onTold: (event: RunEvent) => void): Hosted {
  const host = execa(process.execPath, [hostProgram, JSON.stringify(settings)], {
    reject: false,
    stdin: 'ignore',
    env: { TMPDIR: temporary },
    buffer: { stdout: false },
  });
  const lines = createInterface({ input: host.stdout });
  const heard = new Promise((resolve) => lines.on('close', resolve));
  lines.on('line', (line) => {
    const event = told(line);
    if (event !== null) onTold(event);
  });
  const ended = async () => {
    const { exitCode, signal, stderr } = await host;
    await heard;
    return { exitCode: exitCode ?? null, signal: signal ?? null, stderr: String(stderr).trim() };
  };
  return { pid: host.pid ?? 0, ended: ended(), kill: (signal) => void host.kill(signal) };
}

function told(line: string): RunEvent | null {
  try {
    return RunEvent.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
