/**
 * `node scripts/bootstrap.js <setup|test|demo|bench|build|package|desktop> [args]`: the first thing that runs on a bare clone. It installs the
 * node packages if they are not as package-lock.json says, and hands over to scripts/<command>.ts on a fitting Node.
 * It speaks on standard error: standard output belongs to the command. Plain JavaScript for Node >= 18 without a dependency.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { missingNodeMessage, packagesAreInstalled, pathWithoutProject, root, runEntry } from './runtime.js';

const commands = ['setup', 'test', 'demo', 'bench', 'build', 'package', 'desktop'];
const installDeadlineMs = 15 * 60_000;

/** The program file and leading arguments that start npm: the npm that runs this script, else the one on PATH. */
function npmCommand() {
  const script = process.env.npm_execpath;
  const node = process.env.npm_node_execpath;
  const isNpm = script !== undefined && /npm-cli\.c?js$/.test(script);
  const outside = node !== undefined && existsSync(node) && !node.startsWith(join(root, 'node_modules'));
  return isNpm && outside ? { file: node, args: [script] } : { file: 'npm', args: [] };
}

function installPackages() {
  console.error('· node packages: installing with npm ci (about 500 MB, Node 24 included)');
  const { file, args } = npmCommand();
  const result = spawnSync(file, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: pathWithoutProject().join(delimiter) },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: installDeadlineMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status === 0) return;
  const reason = result.error?.message ?? `it ended with ${result.status ?? result.signal}`;
  console.error(`${result.stdout ?? ''}${result.stderr ?? ''}`.trimEnd());
  console.error(`npm ci did not succeed: ${reason}. Check the network, or run \`npm ci\` by hand, and try again.`);
  process.exit(1);
}

const [command, ...args] = process.argv.slice(2);
if (command === undefined || !commands.includes(command)) {
  console.error(`usage: node scripts/bootstrap.js <${commands.join('|')}> [arguments]`);
  process.exit(2);
}
if (!existsSync(join(root, 'package-lock.json'))) {
  console.error(`${root} holds no package-lock.json: is this a whole clone?`);
  process.exit(1);
}
if (packagesAreInstalled()) console.error('· node packages: up to date');
else installPackages();
if (!packagesAreInstalled()) {
  console.error(`npm ci left node_modules unlike package-lock.json. ${missingNodeMessage()}`);
  process.exit(1);
}
await runEntry(`scripts/${command}.ts`, args);
