/** Images for tests without a registry: the host's own shell and a few tools, and nothing else. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const tools = ['bash', 'env', 'cat', 'ls', 'tar', 'mkdir', 'id', 'sleep', 'touch'];

/** Makes a root folder with the tools below /usr/bin, and `marker` in /marker. */
function makeRoot(marker: string): string {
  const root = mkdtempSync(join(tmpdir(), 'image-'));
  const libraries = new Set<string>();
  for (const tool of tools) {
    const path = `/usr/bin/${tool}`;
    const needed = execFileSync('ldd', [path], { encoding: 'utf8' });
    for (const [library] of needed.matchAll(/\/\S+/g)) libraries.add(library);
    copy(path, join(root, path));
  }
  for (const library of libraries) copy(library, join(root, library));
  for (const folder of ['bin', 'proc', 'sys', 'dev', 'etc', 'run', 'var', 'root'])
    mkdirSync(join(root, folder), { recursive: true });
  // As real images have it: closed to everybody but root.
  chmodSync(join(root, 'root'), 0o700);
  mkdirSync(join(root, 'workspace'));
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
  chmodSync(root, 0o755);
  writeFileSync(join(root, 'marker'), marker);
  return root;
}

function copy(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
}

/** Imports such an image into an engine under this name. @returns removes it */
export function importImage(engine: 'podman' | 'docker', name: string, marker: string): () => void {
  const root = makeRoot(marker);
  try {
    const archive = join(root, 'archive.tar');
    execFileSync('tar', ['-C', root, '--exclude=./archive.tar', '-cf', archive, '.']);
    const changes = [
      '--change',
      'ENV FROM_IMAGE=yes',
      '--change',
      'ENV PATH=/usr/bin',
      '--change',
      'ENTRYPOINT ["/nothing"]',
    ];
    execFileSync(engine, ['import', ...changes, '-', name], {
      input: readFileSync(archive),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  } finally {
    rmSync(root, { recursive: true });
  }
  return () => execFileSync(engine, ['rmi', '--force', name], { stdio: 'ignore' });
}

/** A folder that Apptainer takes for an image. */
export function imageFolder(marker: string): string {
  return makeRoot(marker);
}
