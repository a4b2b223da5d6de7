/** The steps that podman and docker share: a folder, what is laid into it, the container, and nothing left on failure. */
import { rm } from 'node:fs/promises';
import { messageOf } from '../../../protocol/thrown.ts';
import type { Mount } from '../../../protocol/worker.ts';
import type { ContainerEngine } from './containerEngine.ts';
import { layOut, type ProgramUser } from './containerFolder.ts';
import { ContainerSandbox, type ContainerStart } from './containerSandbox.ts';
import type { Janitor } from './janitor.ts';
import { type Sandbox, type SandboxOptions, SandboxStartError } from './sandbox.ts';

export type EngineStart = Pick<ContainerStart, 'words' | 'cpuList' | 'initPid' | 'notEnforced' | 'explain'>;

/**
 * @param who as whom programs run inside, and the host's number of that user (null: the worker's own)
 * @param prepare puts what the engine needs into the sandbox's folder, and says how the container is started
 * @throws {SandboxStartError}
 */
export async function startContainer(
  engine: ContainerEngine,
  janitor: Janitor,
  options: SandboxOptions,
  who: { user: ProgramUser; pipeOwner: number | null },
  prepare: (folder: string, readOnly: Mount[]) => EngineStart | Promise<EngineStart>,
): Promise<Sandbox> {
  const folder = janitor.makeFolder(who.pipeOwner);
  try {
    const { control, readOnly } = layOut(engine.name, options, folder, who.user);
    const start = await prepare(folder, readOnly);
    return await ContainerSandbox.begin({
      ...start,
      engine,
      id: options.id,
      folder,
      makeFifos: (id) => janitor.fifos.take(control, id, who.pipeOwner),
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if (error instanceof SandboxStartError) throw error;
    const problem = messageOf(error);
    throw new SandboxStartError(engine.name, problem, 'See `aira2 doctor`.', { cause: error });
  }
}
