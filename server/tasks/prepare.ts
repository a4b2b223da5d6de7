/**
 * Prepares a task: fetches its packages, makes its table, splits it, and puts the result in place in one rename. Everything
 * happens in a scratch folder beside the final one, so that an interruption leaves either nothing or all of it.
 */
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';
import type { TaskManifest } from '../../protocol/task.ts';
import { programFile } from '../programFiles.ts';
import { acquire } from './acquire.ts';
import { resolveOrFindPrepared } from './catalog.ts';
import { PrepareError, SplitDriftError } from './errors.ts';
import { copyGrader, type Grader, graderDirectory, graderOf } from './grader.ts';
import type { LoadedManifest } from './manifest.ts';
import {
  PreparedDocument,
  type PreparedTask,
  preparedDirectory,
  readPreparedDocument,
  readPreparedTask,
} from './preparedTask.ts';
import { inScratch } from './scratch.ts';

const pythonDirectory = programFile('server/tasks/python/');
const splitTimeoutMs = 600_000;
/** Raised when the splitter writes something else for the same manifest, so that prepared tasks are made anew. */
const layoutVersion = 2;
/** The one time of everything in the public part, in seconds (layout.py): a file's time tells nothing. */
const publicTime = 946_684_800;

export interface PrepareOptions {
  /** AIRA2's folder on this machine; packages are kept in `<home>/cache/packages`. */
  home: string;
  /** Built-in id, `id@version`, path of a manifest or its folder; else the name of a task that is prepared already. */
  reference: string;
  /** The Python with numpy and pandas. */
  python: string;
  /** Plain lines for a person. */
  log: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Prepares a task, or finds it prepared already. Preparing twice is cheap and changes nothing; what may change without a
 * new version (limits, references, words) is taken over from the manifest. A task that was prepared from a path is found by
 * its name, too, and is then used as it is.
 * @throws TaskError and its kinds: ManifestError, TaskNotFoundError, AcquireError, PrepareError, SplitDriftError.
 */
export async function prepareTask(options: PrepareOptions): Promise<PreparedTask> {
  const { home, log } = options;
  const loaded = resolveOrFindPrepared(home, options.reference);
  const { manifest } = loaded;
  const name = `${manifest.id}@${manifest.version}`;
  if ('splitHash' in loaded) {
    log(`${name} is prepared: ${loaded.directory}`);
    return loaded;
  }
  const directory = preparedDirectory(home, manifest);
  const grader = graderOf(manifest, loaded.directory);
  const recipe = recipeOf(loaded, grader);
  const existing = readPreparedDocument(directory);
  if (existing !== null && existing.recipe === recipe) {
    await refresh(directory, existing, loaded);
    log(`${name} is prepared: ${directory}`);
    return finished(directory, name);
  }
  await mkdir(path.dirname(directory), { recursive: true });
  await inScratch(path.dirname(directory), 'preparing', async (scratch) => {
    const built = path.join(scratch, 'task');
    const document = await build(loaded, { recipe, grader }, scratch, built, options);
    if (manifest.split.hash !== undefined && manifest.split.hash !== document.splitHash) {
      throw new SplitDriftError(name, manifest.split.hash, document.splitHash, 'split.hash of its manifest');
    }
    if (existing !== null && existing.splitHash !== document.splitHash) {
      throw new SplitDriftError(name, existing.splitHash, document.splitHash, directory);
    }
    options.signal?.throwIfAborted();
    await install(built, directory, path.join(scratch, 'replaced'));
    const { train, search, validation, test } = document.counts;
    for (const note of document.notes) log(`${name}: ${note}`);
    log(`${name}: ${train} rows for training; hidden: ${search} search, ${validation} validation, ${test} test`);
    log(`${name} is prepared: ${directory} (split ${document.splitHash})`);
  });
  return finished(directory, name);
}

function finished(directory: string, name: string): PreparedTask {
  const task = readPreparedTask(directory);
  if (task === null)
    throw new PrepareError(name, `${directory} vanished while it was being prepared; prepare it again`);
  return task;
}

async function build(
  { manifest, directory: taskDirectory }: LoadedManifest,
  { recipe, grader }: { recipe: string; grader: Grader | null },
  scratch: string,
  built: string,
  { home, python, log, signal }: PrepareOptions,
): Promise<PreparedDocument> {
  const name = `${manifest.id}@${manifest.version}`;
  const acquired = path.join(scratch, 'acquired');
  const work = path.join(scratch, 'work');
  await Promise.all([acquired, work, built].map((folder) => mkdir(folder)));
  await acquire(manifest.data.acquire, acquired, {
    cache: path.join(path.resolve(home), 'cache', 'packages'),
    taskDirectory,
    python,
    log: (line) => log(`${name}: ${line}`),
    ...(signal === undefined ? {} : { signal }),
  });
  const { prepare } = manifest.data;
  if (prepare !== undefined) {
    log(`${name}: making the table`);
    const [program = '', ...args] = commandOf(prepare.cmd, taskDirectory, python);
    const done = await execa(program, args, {
      cwd: work,
      env: { ...inherited(), AIRA_ACQUIRED_DIR: acquired, AIRA_TASK_DIR: taskDirectory },
      extendEnv: false,
      reject: false,
      timeout: prepare.timeout_s * 1000,
      stdin: 'ignore',
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    signal?.throwIfAborted();
    if (done.timedOut) throw new PrepareError(name, `data.prepare.cmd took longer than ${prepare.timeout_s} s`);
    if (done.failed) {
      const said = `${done.stdout}\n${done.stderr}`.trim().slice(-2000);
      throw new PrepareError(name, `data.prepare.cmd (${prepare.cmd.join(' ')}) failed:\n${said}`);
    }
  }
  log(`${name}: splitting`);
  const { splitHash, counts, views, notes } = await split(
    manifest,
    taskDirectory,
    prepare ? work : taskDirectory,
    built,
    python,
    signal,
  );
  if (grader !== null) await copyGrader(grader, taskDirectory, graderDirectory(path.join(built, 'private')));
  const document = {
    manifest,
    splitHash,
    counts,
    preparedAt: new Date().toISOString(),
    recipe,
    ...(grader === null ? {} : { grader: grader.hash }),
    views,
    notes,
  };
  await writeDocument(built, document);
  chmodSync(built, 0o755);
  return document;
}

const SplitReply = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    ...PreparedDocument.pick({ splitHash: true, counts: true, views: true, notes: true }).shape,
  }),
  z.object({ ok: z.literal(false), message: z.string() }),
]);

async function split(
  manifest: TaskManifest,
  taskDirectory: string,
  tableDirectory: string,
  out: string,
  python: string,
  signal: AbortSignal | undefined,
): Promise<Extract<z.infer<typeof SplitReply>, { ok: true }>> {
  const name = `${manifest.id}@${manifest.version}`;
  const request = {
    manifest,
    tableDirectory,
    out,
    description: path.join(taskDirectory, manifest.description),
    customCommand: commandOf(manifest.split.cmd ?? [], taskDirectory, python),
    timeoutS: splitTimeoutMs / 2000,
  };
  const done = await execa(python, ['-E', '-s', '-B', path.join(pythonDirectory, 'split_task.py')], {
    cwd: out,
    env: inherited(),
    extendEnv: false,
    input: JSON.stringify(request),
    reject: false,
    timeout: splitTimeoutMs,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (done.failed) {
    const reason =
      done.code === 'ENOENT' ? `${python} does not exist: run the set-up first` : done.stderr.trim().slice(-2000);
    throw new PrepareError(name, `the splitter failed: ${reason || done.message}`);
  }
  const reply = SplitReply.parse(JSON.parse(done.stdout));
  if (!reply.ok) throw new PrepareError(name, reply.message);
  return reply;
}

/** What scripts need of our environment. Keys and tokens are not among it. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** `python` becomes the configured one; arguments that name a file of the task folder become absolute. */
function commandOf(command: string[], taskDirectory: string, python: string): string[] {
  const files = new Set(readdirSync(taskDirectory));
  return command.map((word, index) => {
    if (index === 0 && /^python3?$/.test(word)) return python;
    return files.has(word) ? path.join(taskDirectory, word) : word;
  });
}

/** What the prepared data follows from: the parts of the manifest that shape it, and the task's own scripts and grader. */
function recipeOf({ manifest, file, directory }: LoadedManifest, grader: Grader | null): string {
  const { id, version, title, data, split, view, prediction, metric } = manifest;
  const { hash: _, ...shape } = split;
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify({
      layoutVersion,
      id,
      version,
      title,
      data,
      split: shape,
      view,
      prediction,
      season: metric.season ?? null,
      ...(grader === null ? {} : { grader: grader.hash }),
    }),
  );
  const scripts = [
    ...(data.prepare?.cmd ?? []),
    ...(split.cmd ?? []),
    ...(data.prepare === undefined ? [data.table] : []),
  ];
  for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const isScript = scripts.includes(entry.name) || entry.name.endsWith('.py');
    if (entry.isFile() && isScript && entry.name !== path.basename(file)) {
      hash.update(`\n${entry.name}\n`).update(readFileSync(path.join(directory, entry.name)));
    }
  }
  return hash.digest('hex');
}

async function refresh(
  directory: string,
  existing: PreparedDocument,
  { manifest, directory: taskDirectory }: LoadedManifest,
): Promise<void> {
  const { hash } = manifest.split;
  if (hash !== undefined && hash !== existing.splitHash) {
    throw new SplitDriftError(
      `${manifest.id}@${manifest.version}`,
      hash,
      existing.splitHash,
      'split.hash of its manifest',
    );
  }
  const source = readFileSync(path.join(taskDirectory, manifest.description), 'utf8');
  const shown = path.join(directory, 'public', 'description.md');
  if (readFileSync(shown, 'utf8') !== source) {
    await replaceFile(shown, source);
    for (const entry of [shown, path.dirname(shown)]) await utimes(entry, publicTime, publicTime);
  }
  if (JSON.stringify(existing.manifest) !== JSON.stringify(manifest))
    await writeDocument(directory, { ...existing, manifest });
}

async function writeDocument(directory: string, document: PreparedDocument): Promise<void> {
  await replaceFile(path.join(directory, 'task.json'), `${JSON.stringify(document, null, 2)}\n`);
}

async function replaceFile(file: string, text: string): Promise<void> {
  const beside = path.join(path.dirname(file), `.${path.basename(file)}-${process.pid}`);
  await writeFile(beside, text, { mode: 0o644 });
  await rename(beside, file);
}

/** Puts the built folder in place. A folder that is there already steps aside in the same moment and goes with the scratch. */
async function install(built: string, directory: string, replaced: string): Promise<void> {
  await rename(directory, replaced).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(built, directory).catch((error: NodeJS.ErrnoException) => {
    // Another process prepared the same version meanwhile; its split is the same, or its own check would have refused it.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}
