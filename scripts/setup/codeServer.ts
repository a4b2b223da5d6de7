/**
 * A real VS Code for the tests: code-server from npm, which carries the workbench and the extension host, and needs nothing
 * but npm to be installed. It wants Node 24 exactly, which this project's own packages bring along.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { which } from '../../server/setup/executables.ts';
import { type Say, SetupError } from '../../server/setup/step.ts';
import { installCommand, installSystemPackages, mayInstall } from '../../server/setup/systemPackages.ts';
import { cachedFolder } from './cache.ts';
import { projectRoot } from './environment.ts';

/** VS Code 1.139.1. */
const version = '4.139.1';
const deadlineMs = 20 * 60_000;
/** Of VS Code's native modules these are needed to start; the others take four fifths of the time to build. */
const nativeModules = ['@vscode/spdlog', '@vscode/native-watchdog', '@vscode/deviceid'];

export interface CodeServer {
  /** Node 24, and the script that it starts. */
  node: string;
  entry: string;
  version: string;
}

/** The Node 24 among this project's packages, with the headers that native modules are built against. */
function bundledNode(): { node: string; prefix: string } {
  const name = `node-${process.platform}-${process.arch}`;
  const require = createRequire(join(projectRoot, 'package.json'));
  const prefix = dirname(require.resolve(`${name}/package.json`));
  return { node: join(prefix, 'bin', 'node'), prefix };
}

async function ensureCompiler(say: Say): Promise<void> {
  const tools = ['g++', 'make', 'python3'];
  const missing = () => tools.filter((tool) => which(tool) === null);
  if (missing().length === 0) return;
  if (mayInstall()) await installSystemPackages(['g++', 'make', 'python3'], say);
  const [first] = missing();
  if (first !== undefined)
    throw new SetupError('code-server', `${first} is needed to build its modules. Run: ${installCommand(first)}`);
}

/** What npm needs of the environment: settings of the npm that runs us (`npm test`) are not those of this installation. */
function npmEnvironment(node: string, prefix: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^npm_/i.test(entry[0]),
  );
  const path = [dirname(node), process.env.PATH ?? ''].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path, npm_config_nodedir: prefix, NODE_OPTIONS: '' };
}

async function install(folder: string, node: string, prefix: string): Promise<void> {
  const env = npmEnvironment(node, prefix);
  const npm = async (cwd: string, args: readonly string[]) => {
    const result = await execa('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd,
      env,
      extendEnv: false,
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: deadlineMs,
    });
    if (result.failed) {
      const said = result.all.trim().slice(-3000) || (result.shortMessage ?? 'it could not be started');
      throw new SetupError('code-server', `npm ${args.join(' ')} did not succeed in ${cwd}:\n${said}`);
    }
  };
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  await npm(folder, ['install', '--ignore-scripts', '--save-exact', `code-server@${version}`]);
  const code = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  for (const place of [code, join(code, 'extensions')]) await npm(place, ['install', '--omit=dev', '--ignore-scripts']);
  await npm(code, ['rebuild', '--no-ignore-scripts', ...nativeModules]);
  const started = await execa(node, [entryIn(folder), '--version'], { reject: false, timeout: 60_000, all: true });
  if (started.failed) throw new SetupError('code-server', `it does not start:\n${started.all.slice(-3000)}`);
}

function entryIn(folder: string): string {
  return join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
}

/**
 * Finds code-server in the cache that all clones share, or installs it there (about 620 MB, a minute).
 * @throws {SetupError} if that cannot be done here, saying why
 */
export async function ensureCodeServer(say: Say): Promise<CodeServer> {
  if (process.platform !== 'linux')
    throw new SetupError('code-server', `it is installed on Linux only; this is ${process.platform}.`);
  const { node, prefix } = bundledNode();
  const name = `code-server-${version}-${process.platform}-${process.arch}`;
  const folder = await cachedFolder(name, async (unfinished) => {
    say(`code-server: installing ${version} with npm (about 620 MB, once for all clones)`);
    await ensureCompiler(say);
    await install(unfinished, node, prefix);
  });
  if (!existsSync(entryIn(folder)))
    throw new SetupError('code-server', `${folder} is damaged. Delete it, and it is installed again.`);
  say(`code-server: ${version} (${folder})`);
  return { node, entry: entryIn(folder), version };
}
