/** podman or docker as a command: run with a deadline, asked for what is ours, told to remove it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ownerIsDead } from './janitor.ts';

const run = promisify(execFile);
const maxOutputBytes = 4 * 1024 * 1024;
const removeDeadlineMs = 60_000;
/** What the commands need of the worker's environment, and nothing else of it: they may outlive the worker. */
const passedOn =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|XDG_RUNTIME_DIR|XDG_CONFIG_HOME|XDG_DATA_HOME|DBUS_SESSION_BUS_ADDRESS|DOCKER_\w+|CONTAINERS?_\w+|STORAGE_\w+)$/;

/** Every container of ours has it; its name tells whose it is. */
export const containerLabel = 'aira2.sandbox';

/** A command of the engine failed. `said` is what it wrote, `code` null if it was killed or not started. */
export class EngineCommandError extends Error {
  override readonly name = 'EngineCommandError';
  readonly code: number | string | null;
  readonly said: string;
  constructor(program: string, verb: string, code: number | string | null, said: string) {
    super(`\`${program} ${verb}\` failed: ${said}`);
    this.code = code;
    this.said = said;
  }
}

function engineEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && passedOn.test(name)) environment[name] = value;
  }
  return environment;
}

export interface CommandOptions {
  input?: Uint8Array;
  /** CPUs that the command, and what it starts by itself, may use; empty: all. */
  cpuList?: readonly number[];
}

export class ContainerEngine {
  readonly name: 'podman' | 'docker';
  readonly program: string;
  readonly environment = engineEnvironment();

  constructor(name: 'podman' | 'docker', program: string) {
    this.name = name;
    this.program = program;
  }

  /** Standard output of one command. @throws {EngineCommandError} */
  async command(words: readonly string[], timeoutMs: number, more: CommandOptions = {}): Promise<string> {
    const { input, cpuList = [] } = more;
    const pinned = cpuList.length === 0 ? [] : ['taskset', '-c', cpuList.join(',')];
    const [file = this.program, ...rest] = [...pinned, this.program, ...words];
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes } as const;
    const running = run(file, rest, { ...options, env: this.environment, cwd: '/' });
    running.child.stdin?.on('error', () => undefined); // It ended early; its status tells.
    running.child.stdin?.end(input);
    try {
      return (await running).stdout;
    } catch (error) {
      const { code = null, stderr, killed, message } = error as NodeJS.ErrnoException & Record<string, unknown>;
      const late = killed === true ? `it took more than ${timeoutMs / 1000} s` : '';
      const said = [typeof stderr === 'string' ? stderr.trim() : '', late].filter((text) => text !== '').join('; ');
      const status = typeof code === 'number' || typeof code === 'string' ? code : null;
      throw new EngineCommandError(this.program, words[0] ?? '', status, (said || message).slice(0, 4096));
    }
  }

  /** Kills a container and removes it; one that is gone is no error. Resolves when nothing of it is left. */
  async remove(name: string): Promise<void> {
    const until = performance.now() + removeDeadlineMs;
    for (;;) {
      try {
        await this.command(['rm', '--force', '--volumes', name], removeDeadlineMs);
        return;
      } catch (error) {
        if (error instanceof EngineCommandError && /no such container|no container with name/i.test(error.said)) return;
        // The engine removes it by itself too when its first process has ended: both at once is refused for a moment.
        if (performance.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Names of all containers of AIRA2, whoever's they are. */
  async ours(): Promise<string[]> {
    const words = ['ps', '--all', '--filter', `label=${containerLabel}`, '--format', '{{.Names}}'];
    return (await this.command(words, 30_000)).split('\n').filter((name) => name !== '');
  }

  /** Removes containers whose worker died together with its janitor. */
  async sweep(): Promise<void> {
    for (const name of await this.ours()) if (ownerIsDead(name)) await this.remove(name);
  }
}
