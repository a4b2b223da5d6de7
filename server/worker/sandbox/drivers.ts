/** Drivers by name. A new way of isolation is one more line here, and one more name in the protocol. */
import type { SandboxDriverName } from '../../../protocol/run.ts';
import { createApptainerDriver } from './apptainer.ts';
import { createBwrapDriver } from './bwrap.ts';
import { createDockerDriver } from './docker.ts';
import { NoneDriver } from './none.ts';
import { createPodmanDriver } from './podman.ts';
import type { SandboxDriver } from './sandbox.ts';

/** One driver serves all sandboxes of a worker. @throws {SandboxStartError} if this machine lacks what it needs */
export async function createSandboxDriver(name: SandboxDriverName): Promise<SandboxDriver> {
  switch (name) {
    case 'bwrap':
      return createBwrapDriver();
    case 'podman':
      return createPodmanDriver();
    case 'docker':
      return createDockerDriver();
    case 'apptainer':
      return createApptainerDriver();
    case 'none':
      return new NoneDriver();
  }
}
