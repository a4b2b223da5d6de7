/** What every sandbox shows of the host beside its userland: the Python environment and the mounts that were asked for. */
import { existsSync } from 'node:fs';
import type { SandboxDriverName } from '../../../protocol/run.ts';
import type { Mount } from '../../../protocol/worker.ts';
import { interpreterPrefixes } from './interpreter.ts';
import { type SandboxOptions, SandboxStartError } from './sandbox.ts';

/** Parents before children. A named image brings its own Python. @throws {SandboxStartError, VenvError} */
export function shownFolders(driver: SandboxDriverName, options: SandboxOptions): Mount[] {
  const python =
    options.image === undefined
      ? [
          ...interpreterPrefixes(options.venv).map((path) => ({ source: path, target: path })),
          { source: options.venv, target: '/opt/venv' },
        ]
      : [];
  const wanted = [...python, ...options.mounts].sort((a, b) => a.target.split('/').length - b.target.split('/').length);
  for (const { source, target } of wanted) {
    if (!existsSync(source)) {
      throw new SandboxStartError(driver, `${source}, to be shown at ${target}, does not exist`, 'Prepare it again.');
    }
    if (!/^(\/[^/]+)+$/.test(target) || /\/\.{1,2}(\/|$)/.test(target)) {
      throw new SandboxStartError(driver, `${target} is no clean absolute path`, 'Correct the mount.');
    }
  }
  return wanted;
}
