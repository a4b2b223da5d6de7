/** Says which sandboxes work on this machine, what they do not enforce, and how to mend it: for `aira2 doctor`. */
import type { SandboxDriverName } from '../../../protocol/run.ts';
import { createSandboxDriver } from './drivers.ts';
import { type Sandbox, SandboxStartError } from './sandbox.ts';

export interface SandboxFinding {
  driver: SandboxDriverName;
  works: boolean;
  /** What is wrong, or null. */
  problem: string | null;
  /** What to do about `problem`, or about what is not enforced; null: nothing to do. */
  fix: string | null;
  notEnforced: string[];
}

const limits = { cpus: 1, memoryMb: 256, diskMb: 16, pids: 64 };
const memoryFix =
  'For limits: run as root, or have systemd for your user (`loginctl enable-linger`), or start inside a Slurm job ' +
  'or container that has limits of its own.';

/** Starts a sandbox of each driver that may be chosen, and a program in it. @param venv a virtual environment of Python */
export async function probeSandboxes(
  venv: string,
  names: readonly SandboxDriverName[] = ['bwrap'],
): Promise<SandboxFinding[]> {
  return Promise.all(names.map((name) => probe(name, venv)));
}

async function probe(name: SandboxDriverName, venv: string): Promise<SandboxFinding> {
  let sandbox: Sandbox | null = null;
  try {
    const driver = await createSandboxDriver(name);
    const options = { id: 'probe', slot: 999, mounts: [], environment: {}, cpuList: [], gpuUuid: null };
    sandbox = await driver.start({ ...options, limits, venv });
    const program = await sandbox.spawn(['python', '-I', '-S', '-c', 'print("fine")']);
    let said = '';
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString('utf8')).slice(0, 2000);
      });
    }
    const { code } = await program.exited;
    if (code !== 0)
      throw new SandboxStartError(name, `Python does not run in it: ${said.trim()}`, `Make ${venv} again.`);
    const notEnforced = [...driver.notEnforced];
    const fix = name === 'bwrap' && notEnforced.length > 0 ? memoryFix : null;
    return { driver: name, works: true, problem: null, fix, notEnforced };
  } catch (error) {
    const known = error instanceof SandboxStartError;
    const problem = known ? error.problem : error instanceof Error ? error.message : String(error);
    return { driver: name, works: false, problem, fix: known ? error.fix : null, notEnforced: [] };
  } finally {
    await sandbox?.kill();
  }
}
