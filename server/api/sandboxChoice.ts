/** Which sandboxes a run gets, proven before it begins: a run of days must not find out on its first candidate. */
import type { RunConfig, SandboxDriverName } from '../../protocol/run.ts';
import { which } from '../setup/executables.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { probeSandboxes } from '../worker/sandbox/probe.ts';
import { RefusedError } from './refusal.ts';

const driversWithImages: readonly RunConfig['sandbox'][] = ['podman', 'docker', 'apptainer'];

/** By their programs on PATH, the recommended one first. */
export function installedSandboxes(): SandboxDriverName[] {
  const drivers = ['bwrap', 'apptainer', 'podman', 'docker'] as const;
  return drivers.filter((name) => which(name) !== null);
}

/** Where nobody chooses. With none installed the recommended one, whose refusal says how to get it. */
export function defaultSandbox(): SandboxDriverName {
  return installedSandboxes()[0] ?? 'bwrap';
}

/**
 * The settings with the image that was asked for, or else the task's own. A sandbox is started to see that it works.
 * @throws {RefusedError} if the driver has no images, or no sandbox starts
 */
export async function onSandbox(
  { image: _, ...config }: RunConfig,
  task: PreparedTask,
  asked: string | undefined,
  venv: string,
): Promise<RunConfig> {
  const image = asked ?? task.manifest.run.image;
  if (image !== undefined && !driversWithImages.includes(config.sandbox)) {
    const who = asked === undefined ? `task ${task.manifest.id} needs` : '--image asks for';
    throw new RefusedError(
      'bad_input',
      `${who} the image ${image}, and --sandbox ${config.sandbox} has none: choose ${driversWithImages.join(', ')}.`,
    );
  }
  const chosen = image === undefined ? config : { ...config, image };
  const [finding] = await probeSandboxes(venv, [config.sandbox], image);
  if (finding?.works === false) {
    const fix = finding.fix === null ? '' : `\n${finding.fix}`;
    throw new RefusedError('environment', `The ${config.sandbox} sandbox does not work: ${finding.problem}.${fix}`);
  }
  return chosen;
}
