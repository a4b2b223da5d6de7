/** Device nodes and files that CUDA needs for one GPU, and only that one. Source: notes of the NVIDIA container toolkit. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The assigned GPU is not on this machine. */
export class GpuMissingError extends Error {
  override readonly name = 'GpuMissingError';
  readonly uuid: string;
  constructor(uuid: string) {
    super(`GPU ${uuid} is not on this machine. Compare with \`nvidia-smi -L\` and start the worker again.`);
    this.uuid = uuid;
  }
}

/** Shared by all GPUs; CUDA does not initialise without them. `nvidia-uvm-tools` is needed since driver 570. */
const sharedNodes = ['nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools'];

/**
 * @param uuid as `nvidia-smi -L` prints it
 * @param root stands for / (tests give a folder)
 * @returns host paths of device nodes, to be shown at the same paths
 */
export function gpuDeviceNodes(uuid: string, root = '/'): string[] {
  const folder = join(root, 'proc/driver/nvidia/gpus');
  for (const gpu of existsSync(folder) ? readdirSync(folder) : []) {
    const text = readFileSync(join(folder, gpu, 'information'), 'utf8');
    if (/^GPU UUID:\s*(\S+)/m.exec(text)?.[1] !== uuid) continue;
    const minor = /^Device Minor:\s*(\d+)/m.exec(text)?.[1];
    if (minor === undefined) break;
    return [`nvidia${minor}`, ...sharedNodes]
      .map((name) => join('/dev', name))
      .filter((node) => existsSync(join(root, node)));
  }
  throw new GpuMissingError(uuid);
}
