/**
 * Which Node runs the project. It needs 22.18 (TypeScript without a build step); where the one at hand is older, the Node
 * that `npm ci` brought stands in. Plain JavaScript for Node >= 18, because it runs before any of that is known.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const needed = [22, 18];

/** True if this version string, as `process.versions.node` has it, is new enough. */
function fits(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
}

/** Path of a Node that is new enough: the current one, else the one in node_modules; null if there is none. */
export function fittingNode() {
  if (fits(process.versions.node)) return process.execPath;
  const bundled = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(bundled)) return null;
  // By its package: a binary that is asked may answer late where the machine is busy.
  const { version } = JSON.parse(readFileSync(join(dirname(realpathSync(bundled)), '..', 'package.json'), 'utf8'));
  return fits(version) ? bundled : null;
}

/** True if node_modules holds what package-lock.json asks for, by npm's own record of what it installed. */
export function packagesAreInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const there = installed[path];
    // An optional package that is absent was left out for its platform.
    if (there === undefined) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity && existsSync(join(root, path));
  });
}

/** PATH without this project's own node_modules/.bin: npm must not run on a Node that it is about to replace. */
export function pathWithoutProject() {
  const own = join(root, 'node_modules', '.bin');
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== own);
}

/** Why there is no Node to run on, and what to do. */
export function missingNodeMessage() {
  return [
    `AIRA2 needs Node ${needed.join('.')} or newer; this is Node ${process.versions.node} on ${process.platform}-${process.arch}.`,
    existsSync(join(root, 'node_modules'))
      ? 'The package that brings one exists for Linux on x64 and arm64 only: install Node 24 and try again.'
      : 'Run `npm run setup` first: it brings one along.',
  ].join('\n');
}

/**
 * Runs a TypeScript entry point of the project with a fitting Node: in this process where that fits, else in a child
 * whose standard streams, signals and exit code are this process's own.
 */
export async function runEntry(entry, args) {
  // Node has four threads for files. Each append of a run waits on one until the disk has it, and agents append side by side.
  process.env.UV_THREADPOOL_SIZE ??= '16';
  // Compiled once, and not at every start of a command, a server or a worker: two thirds of what a start takes.
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'compiled');
  const node = fittingNode();
  if (node === null) {
    console.error(missingNodeMessage());
    process.exit(1);
  }
  const file = join(root, entry);
  if (node === process.execPath) {
    process.argv = [process.argv[0], file, ...args];
    module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
    await import(pathToFileURL(file).href);
    return;
  }
  const child = spawn(node, [file, ...args], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  for (const signal of signals) {
    process.on(signal, () => {
      // Ctrl-C reaches the child from the terminal already; a signal sent to this process alone has to be passed on.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
