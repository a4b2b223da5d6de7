/**
 * Files into and out of a sandbox, as a tar stream that `tar` inside writes or reads. The host never opens a path that a
 * program can change: a link planted there would make it read, and give away, any file of the host.
 */
import type { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { messageOf } from '../../../protocol/thrown.ts';
import { isCleanPath, type ProgramFile, skippedProgramFolders } from '../../../protocol/worker.ts';
import { type Sandbox, SandboxDeadError, type SandboxProcess } from './sandbox.ts';

const transferDeadlineMs = 120_000;

/** What a folder holds cannot be taken out, and why; the message is for the author of the files. */
export class ExportRefusedError extends Error {
  override readonly name = 'ExportRefusedError';
}

/** A path that was given for a file of a program leads out of the program's folder. */
export class UncleanPathError extends Error {
  override readonly name = 'UncleanPathError';
  readonly path: string;
  constructor(path: string) {
    super(
      `${JSON.stringify(path)} is no clean relative path of a file: use names joined by "/", without ".." or a leading "/".`,
    );
    this.path = path;
  }
}

async function withDeadline<T>(work: Promise<T>, process: SandboxProcess, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} took more than ${transferDeadlineMs / 1000} s`)),
      transferDeadlineMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    process.release();
  }
}

/** Lays files into `directory` of the sandbox. @throws {UncleanPathError, SandboxDeadError, Error} e.g. when the disk is full */
export async function layFiles(sandbox: Sandbox, directory: string, files: readonly ProgramFile[]): Promise<void> {
  if (files.length === 0) return;
  for (const { path } of files) if (!isCleanPath(path)) throw new UncleanPathError(path);
  const archive = pack();
  for (const { path, contentBase64 } of files) {
    archive.entry({ name: path, mode: 0o644 }, Buffer.from(contentBase64, 'base64'));
  }
  archive.finalize();
  const tar = await sandbox.spawn(['tar', '-x', '--no-same-owner', '-f', '-', '-C', sandbox.path(directory)]);
  let said = '';
  tar.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(0, 2000);
  });
  tar.stdout.resume();
  // Its end is awaited too: a `tar` that stops early would leave the writing side waiting for ever.
  const writing = pipeline(archive, tar.stdin).catch(() => undefined);
  const { code } = await withDeadline(tar.exited, tar, 'laying files into the sandbox');
  await writing;
  if (sandbox.dead) throw new SandboxDeadError(sandbox.id, 'it ended while files were laid into it');
  if (code !== 0) throw new Error(`files could not be laid into the sandbox: ${said.trim()}`);
}

/**
 * Regular files below `directory` of the sandbox.
 * @throws {ExportRefusedError} for links, devices, pipes, unclean names, too many files or bytes, or no such folder
 */
export async function readFiles(
  sandbox: Sandbox,
  directory: string,
  caps: { maxFiles: number; maxBytes: number },
): Promise<ProgramFile[]> {
  const exclude = skippedProgramFolders.map((name) => `--exclude=${name}`);
  const tar = await sandbox.spawn(['tar', '-c', ...exclude, '-C', directory, '-f', '-', '.']);
  let said = '';
  tar.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(0, 2000);
  });
  try {
    const files = await withDeadline(parse(tar.stdout, directory, caps), tar, 'reading the files');
    const { code } = await tar.exited;
    if (sandbox.dead) throw new SandboxDeadError(sandbox.id, 'it ended while files were read from it');
    if (code !== 0 && files.length === 0) {
      const missing = /No such file or directory/.test(said);
      throw new ExportRefusedError(
        missing ? `${directory} does not exist` : `${directory} cannot be read: ${said.trim()}`,
      );
    }
    return files;
  } finally {
    // A `tar` in the middle of a file of a terabyte ends with the broken pipe that `release` leaves.
    tar.release();
  }
}

/**
 * Says that a file was written just now, by asking inside.
 * @throws {ExportRefusedError} if it is missing, empty, or older than that
 */
export async function requireFresh(sandbox: Sandbox, path: string, withinMs: number): Promise<void> {
  const stat = await sandbox.spawn(['stat', '-c', '%F %s %.3Y', '--', path]);
  stat.stderr.resume();
  const said = await withDeadline(readText(stat.stdout), stat, 'looking at a file');
  const [, size, seconds] = /^regular file (\d+) (\d+\.\d+)/.exec(said) ?? [];
  if (size === undefined || size === '0') throw new ExportRefusedError(`${path} does not exist`);
  const ageMs = Date.now() - Number(seconds) * 1000;
  if (ageMs > withinMs) throw new ExportRefusedError(`${path} was written ${Math.round(ageMs / 1000)} s ago`);
}

async function parse(
  stream: Readable,
  directory: string,
  caps: { maxFiles: number; maxBytes: number },
): Promise<ProgramFile[]> {
  const files: ProgramFile[] = [];
  const unpack = extract();
  let bytes = 0;
  const work = (async () => {
    for await (const entry of unpack) {
      const { name, type, size = 0 } = entry.header;
      const path = name.replace(/^\.\//, '').replace(/\/$/, '');
      if (type === 'directory' && (path === '' || path === '.' || isCleanPath(path))) {
        entry.resume();
        continue;
      }
      if (type !== 'file' && type !== 'contiguous-file') {
        throw new ExportRefusedError(`${directory}/${path} is a ${sayType(type)}: only regular files can be submitted`);
      }
      if (!isCleanPath(path)) throw new ExportRefusedError(`${JSON.stringify(name)} is no clean file name`);
      bytes += size;
      if (files.length >= caps.maxFiles)
        throw new ExportRefusedError(`${directory} holds more than ${caps.maxFiles} files`);
      if (bytes > caps.maxBytes) {
        const limit = caps.maxBytes.toLocaleString('en-US');
        throw new ExportRefusedError(`${directory} holds more than ${limit} bytes (at ${path})`);
      }
      const pieces: Buffer[] = [];
      for await (const piece of entry) pieces.push(piece as Buffer);
      files.push({ path, contentBase64: Buffer.concat(pieces).toString('base64') });
    }
  })();
  const feeding = pipeline(stream, unpack).catch((error: unknown) => {
    // A stream that breaks off is the fault of whoever writes it; a refusal has destroyed it itself.
    unpack.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    await work;
    await feeding;
  } catch (error) {
    stream.destroy();
    if (error instanceof ExportRefusedError) throw error;
    throw new ExportRefusedError(`${directory} cannot be read: ${messageOf(error)}`);
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function sayType(type: string | null | undefined): string {
  switch (type) {
    case 'symlink':
      return 'symbolic link';
    case 'link':
      return 'hard link to another file';
    case 'fifo':
      return 'named pipe';
    case 'character-device':
    case 'block-device':
      return 'device';
    case 'directory':
      return 'folder with an unclean name';
    default:
      return 'special file';
  }
}
