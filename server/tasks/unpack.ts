/** Unpacks a fetched package into a folder, by its ending. */
import { copyFile, mkdir } from 'node:fs/promises';
import * as path from 'node:path';
import { execa } from 'execa';
import { AcquireError } from './errors.ts';

const unpackTimeoutMs = 300_000;

/**
 * Unpacks `.tgz`/`.tar.gz`, `.deb`, `.whl`/`.zip`; any other file is copied as it is.
 * @param python used for zip archives, so that no unzip program is needed.
 * @throws AcquireError if the archive is damaged or the unpacking program is missing.
 */
export async function unpack(file: string, into: string, python: string, signal?: AbortSignal): Promise<void> {
  await mkdir(into, { recursive: true });
  const command = commandFor(file, into, python);
  if (command === null) {
    await copyFile(file, path.join(into, path.basename(file)));
    return;
  }
  const [program = '', ...args] = command;
  const done = await execa(program, args, {
    reject: false,
    timeout: unpackTimeoutMs,
    stdin: 'ignore',
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (done.failed) {
    throw new AcquireError(
      path.basename(file),
      `it does not unpack: ${done.code === 'ENOENT' ? `${program} is not installed` : done.stderr.trim().slice(-500)}`,
      done.code === 'ENOENT' ? `install ${program}` : 'delete it from the cache and prepare the task again',
    );
  }
}

function commandFor(file: string, into: string, python: string): string[] | null {
  if (/\.(tgz|tar\.gz|tar)$/.test(file)) return ['tar', '-xf', file, '-C', into, '--no-same-owner'];
  if (file.endsWith('.deb')) return ['dpkg-deb', '-x', file, into];
  if (/\.(whl|zip)$/.test(file)) return [python, '-I', '-m', 'zipfile', '-e', file, into];
  return null;
}
