/** Says which sandboxes work on this machine, what they do not enforce, and how to mend it: for `aira2 doctor`. */
import type { SandboxDriverName } from '../../../protocol/run.ts';
import { messageOf } from '../../../protocol/thrown.ts';
import { createSandboxDriver } from './drivers.ts';
import { type Sandbox, SandboxAbsentError, SandboxStartError } from './sandbox.ts';

export interface SandboxFinding {
  driver: SandboxDriverName;
  /** False if what the driver needs is not there; a machine needs one driver, not all of them. */
  installed: boolean;
  works: boolean;
  /** What is wrong, or null. */
  problem: string | null;
  /** What to do about `problem`, or about what is not enforced; null: nothing to do. */
  fix: string | null;
  notEnforced: string[];
}

const limits = { cpus: 1, memoryMb: 256, diskMb: 16, pids: 64 };
const ownLimits =
  'For limits: run as root, or have systemd for your user (`loginctl enable-linger`), or start inside a Slurm job ' +
  'or container that has limits of its own.';
const enginesLimits =
  'For limits: a system with cgroup v2 and systemd that lets your user have controllers, or a worker that is root.';
const limitFixes: Readonly<Record<SandboxDriverName, string | null>> = {
  bwrap: ownLimits,
  apptainer: ownLimits,
  podman: enginesLimits,
  docker: enginesLimits,
  none: null,
};
/** An image is good for nothing without what the kernel of an agent's Python needs. */
const programs = {
  venv: ['python', '-I', '-S', '-c', 'print("fine")'],
  image: ['python', '-c', 'import ipykernel, jupyter_client; print("fine")'],
};

export const probedDrivers: readonly SandboxDriverName[] = ['bwrap', 'podman', 'docker', 'apptainer'];

/**
 * Starts a sandbox of each driver that may be chosen, and a program in it.
 * @param venv a virtual environment of Python
 * @param image to start from; left out: the host's own userland
 */
export async function probeSandboxes(
  venv: string,
  names: readonly SandboxDriverName[] = probedDrivers,
  image?: string,
): Promise<SandboxFinding[]> {
  return Promise.all(names.map((name) => probe(name, venv, image)));
}

async function probe(name: SandboxDriverName, venv: string, image: string | undefined): Promise<SandboxFinding> {
  let sandbox: Sandbox | null = null;
  try {
    const driver = await createSandboxDriver(name);
    const options = { id: 'probe', slot: 999, mounts: [], environment: {}, cpuList: [], gpuUuid: null };
    sandbox = await driver.start({ ...options, limits, venv, ...(image === undefined ? {} : { image }) });
    const program = await sandbox.spawn(image === undefined ? programs.venv : programs.image);
    let said = '';
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString('utf8')).slice(0, 2000);
      });
    }
    const { code } = await program.exited;
    if (code !== 0) {
      const fix = image === undefined ? `Make ${venv} again.` : 'The image must have python with ipykernel.';
      throw new SandboxStartError(name, `Python does not run in it: ${said.trim()}`, fix);
    }
    const notEnforced = [...driver.notEnforced];
    const fix = notEnforced.length > 0 ? limitFixes[name] : null;
    return { driver: name, installed: true, works: true, problem: null, fix, notEnforced };
  } catch (error) {
    const known = error instanceof SandboxStartError;
    const problem = known ? error.problem : messageOf(error);
    const installed = !(error instanceof SandboxAbsentError);
    return { driver: name, installed, works: false, problem, fix: known ? error.fix : null, notEnforced: [] };
  } finally {
    await sandbox?.kill();
  }
}
