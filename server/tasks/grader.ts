/**
 * The grader of a task whose metric is a command: the files of the task's folder that the command needs. They are copied into
 * the private part of the prepared task, so that runs score by what was prepared, wherever the task's folder is by then.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import * as path from 'node:path';
import type { TaskManifest } from '../../protocol/task.ts';
import { PrepareError } from './errors.ts';

const maxFiles = 2000;
const maxBytes = 64 * 1024 * 1024;

/** Where a prepared task keeps its grader, and where its command runs. */
export function graderDirectory(privateDirectory: string): string {
  return path.join(privateDirectory, 'grader');
}

export interface Grader {
  /** Relative to the task's folder, sorted. */
  files: string[];
  /** sha256 over names, content and the right to be executed. */
  hash: string;
}

/**
 * What `metric.impl.cmd` needs of the task's folder: files and folders that its words name, modules that it names after `-m`,
 * and, since these import each other, all Python files at the top of the folder and beside a named one.
 * Null where the metric is built in, or the command needs no file.
 * @throws PrepareError if that is more than 2000 files or 64 MiB
 */
export function graderOf({ id, version, metric }: TaskManifest, taskDirectory: string): Grader | null {
  if (!('cmd' in metric.impl)) return null;
  const found = new Set<string>();
  for (const word of namesIn(metric.impl.cmd)) {
    const at = path.join(taskDirectory, word);
    if (!existsSync(at)) continue;
    if (statSync(at).isDirectory()) walk(taskDirectory, word, found);
    else {
      if (statSync(at).isFile()) found.add(path.normalize(word));
      pythonFilesIn(taskDirectory, path.dirname(word), found);
    }
  }
  if (found.size === 0) return null;
  pythonFilesIn(taskDirectory, '.', found);
  const files = [...found].sort();
  const bytes = files.reduce((sum, file) => sum + statSync(path.join(taskDirectory, file)).size, 0);
  if (files.length > maxFiles || bytes > maxBytes) {
    throw new PrepareError(
      `${id}@${version}`,
      `metric.impl.cmd names more than ${maxFiles} files or ${maxBytes / 1024 ** 2} MiB: name only what the grader reads`,
    );
  }
  const hash = createHash('sha256');
  for (const file of files) {
    const at = path.join(taskDirectory, file);
    hash.update(JSON.stringify([file, isExecutable(at), statSync(at).size])).update(readFileSync(at));
  }
  return { files, hash: hash.digest('hex') };
}

/** Lays the grader down for its owner alone. */
export async function copyGrader({ files }: Grader, taskDirectory: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const file of files) {
    const from = path.join(taskDirectory, file);
    const target = path.join(to, file);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await copyFile(from, target);
    await chmod(target, isExecutable(from) ? 0o700 : 0o600);
  }
}

/** The command with the words that name a file of `directory` made absolute, so that its first word may be one of them. */
export function graderCommand(command: readonly string[], directory: string): string[] {
  return command.map((word) => {
    const at = path.join(directory, word);
    return word !== '' && !path.isAbsolute(word) && existsSync(at) && statSync(at).isFile() ? at : word;
  });
}

function namesIn(command: readonly string[]): string[] {
  return command.flatMap((word, index) => {
    if (command[index - 1] === '-m') {
      const file = word.replaceAll('.', '/');
      return [`${file}.py`, file.split('/')[0] ?? ''].filter(isInside);
    }
    return isInside(word) ? [word] : [];
  });
}

function isInside(word: string): boolean {
  const normal = path.normalize(word);
  return word !== '' && normal !== '.' && !path.isAbsolute(normal) && normal.split(path.sep)[0] !== '..';
}

function pythonFilesIn(root: string, folder: string, found: Set<string>): void {
  for (const name of readdirSync(path.join(root, folder))) {
    const file = path.join(folder, name);
    if (name.endsWith('.py') && statSync(path.join(root, file), { throwIfNoEntry: false })?.isFile()) found.add(file);
  }
}

/** Regular files below a folder; stops soon after there are too many. */
function walk(root: string, folder: string, found: Set<string>): void {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === '__pycache__') continue;
    if (found.size > maxFiles) return;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(root, file, found);
    else if (statSync(path.join(root, file), { throwIfNoEntry: false })?.isFile()) found.add(file);
  }
}

function isExecutable(file: string): boolean {
  return (statSync(file).mode & 0o100) !== 0;
}
