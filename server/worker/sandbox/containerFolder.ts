/** The host's folder of one container: pipes and init that it sees as /ctl, a bare root to mount on, and its /etc. */
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SandboxDriverName } from '../../../protocol/run.ts';
import type { Mount } from '../../../protocol/worker.ts';
import { programFile } from '../../programFiles.ts';
import { etcFiles, hostEtc, systemFolders, writableFolders } from './hostUserland.ts';
import type { SandboxOptions } from './sandbox.ts';
import { shownFolders } from './shownFolders.ts';

const initScript = readFileSync(programFile('server/worker/sandbox/init.sh'), 'utf8');

/** Number and group that programs run as, as they see them. */
export interface ProgramUser {
  uid: number;
  gid: number;
}

export interface ContainerFolder {
  /** Shown read-only at /ctl. */
  control: string;
  /** Everything to be shown read-only, /ctl included; parents before children. */
  readOnly: Mount[];
}

/**
 * Lays out `folder` for a sandbox.
 * @throws {SandboxStartError, VenvError}
 */
export function layOut(
  driver: SandboxDriverName,
  options: SandboxOptions,
  folder: string,
  user: ProgramUser,
): ContainerFolder {
  const control = join(folder, 'ctl');
  const etc = join(folder, 'etc');
  for (const path of [control, etc]) mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(control, 'init.sh'), initScript, { mode: 0o644 });
  const readOnly = shownFolders(driver, options);
  if (options.image === undefined) {
    const files = Object.entries(etcFiles(user.uid, user.gid)).map(([name, text]) => {
      const source = join(etc, name);
      writeFileSync(source, text, { mode: 0o644 });
      return { source, target: `/etc/${name}` };
    });
    const folders = ['/usr', ...systemFolders().flatMap(({ path, link }) => (link === null ? [path] : []))];
    const userland = [...folders, ...hostEtc()].map((path) => ({ source: path, target: path }));
    readOnly.unshift(...userland, ...files);
  }
  readOnly.push({ source: control, target: '/ctl' });
  return { control, readOnly };
}

/** Files that engines mount over by themselves; without them there they would have to write into the root. */
const enginesOwn = ['/run/.containerenv', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/.dockerenv'];

/** A root to start from: links as the host has them, and a place for every mount. Nothing in it is of the host. */
export function makeBareRoot(root: string, options: SandboxOptions, readOnly: readonly Mount[]): void {
  mkdirSync(root, { mode: 0o755 });
  const writable = writableFolders(options.limits).map(({ path }) => path);
  const below = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  for (const path of ['/proc', '/sys', '/dev', '/run', '/var', '/etc', ...writable]) {
    mkdirSync(join(root, path), { recursive: true, mode: 0o755 });
  }
  // An engine gives what it mounts here the mode of the folder that it covers.
  for (const path of writable) chmodSync(join(root, path), 0o1777);
  symlinkSync('/tmp', join(root, '/var/tmp'));
  for (const { path, link } of systemFolders()) if (link !== null) symlinkSync(link, join(root, path));
  for (const path of enginesOwn) makeFile(join(root, path));
  for (const { source, target } of readOnly) {
    // In a folder that is itself mounted, its place is made when that is there.
    if (writable.some((folder) => below(target, folder)) || existsSync(join(root, target))) continue;
    if (readOnly.some((other) => other.target !== target && below(target, other.target))) continue;
    if (lstatSync(source).isDirectory()) mkdirSync(join(root, target), { recursive: true, mode: 0o755 });
    else makeFile(join(root, target));
  }
}

function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  if (!existsSync(path)) writeFileSync(path, '', { mode: 0o644 });
}
