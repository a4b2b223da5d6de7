/**
 * Workers as detached processes of this host. Each leads its own session, so that neither Ctrl-C at the server nor its
 * death reaches it; its log is a file, because a pipe would break with the server. It gets no environment variable
 * beyond the few it needs: API keys stay here.
 */
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { hasCode } from '../../protocol/thrown.ts';
import type { WorkerConfig } from '../../protocol/worker.ts';
import { programEntry } from '../programFiles.ts';
import { processStartTime } from '../store/processLock.ts';
import type { WorkerLauncher, WorkerProcessId } from './launcher.ts';

/** What a worker needs of its server's environment; keys are none of it. */
const passedVariables = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'LD_LIBRARY_PATH',
  'NODE_COMPILE_CACHE',
];

export class LocalLauncher implements WorkerLauncher {
  readonly #main: string;

  /** @param main the worker's entry point */
  constructor(main: string = programEntry('worker')) {
    this.#main = main;
  }

  async launch(config: WorkerConfig): Promise<WorkerProcessId> {
    await mkdir(config.directory, { recursive: true, mode: 0o700 });
    const log = createWriteStream(join(config.directory, 'worker.log'), { flags: 'a', mode: 0o600 });
    try {
      // An open file is handed to the child as it is; no pipe stands between.
      await once(log, 'open');
      const child = execa(process.execPath, [this.#main], {
        detached: true,
        cleanup: false,
        reject: false,
        buffer: false,
        cwd: config.directory,
        extendEnv: false,
        env: pickEnvironment(process.env),
        stdin: 'pipe',
        stdout: log,
        stderr: log,
      });
      // A worker that dies at once closes the pipe under us; its log says why, and its hello will be missed.
      child.stdin.on('error', () => child.stdin.destroy());
      child.stdin.end(`${JSON.stringify(config)}\n`);
      child.unref();
      const id = child.pid === undefined ? null : this.identify(child.pid);
      if (id === null) {
        const { shortMessage } = await child;
        throw new Error(`cannot start ${process.execPath}: ${shortMessage ?? 'it ended at once'}`);
      }
      return id;
    } finally {
      log.destroy();
    }
  }

  identify(pid: number): WorkerProcessId | null {
    const startTime = processStartTime(pid);
    return startTime === null ? null : { pid, startTime };
  }

  isAlive({ pid, startTime }: WorkerProcessId): boolean {
    return processStartTime(pid) === startTime && !isZombie(pid);
  }

  async kill(process_: WorkerProcessId, deadlineMs: number): Promise<boolean> {
    const end = performance.now() + deadlineMs;
    while (this.isAlive(process_)) {
      try {
        process.kill(process_.pid, 'SIGKILL');
      } catch (error) {
        if (!hasCode(error, 'ESRCH')) {
          throw error;
        }
      }
      if (performance.now() > end) {
        return false;
      }
      await sleep(20);
    }
    return true;
  }
}

/** Dead, and only waiting for a parent that may never ask. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) {
      return false; // Gone meanwhile, or a system without /proc: the start time has decided.
    }
    throw error;
  }
}

function pickEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of passedVariables) {
    const value = environment[name];
    if (value !== undefined) {
      picked[name] = value;
    }
  }
  return picked;
}
