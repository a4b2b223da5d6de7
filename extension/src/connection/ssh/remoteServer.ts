/** What is found on the host, what is put there, and how the server is started: in plain `sh`, with nothing but Node needed. */
import { spawn } from 'node:child_process';
import * as z from 'zod';
import { Discovery } from '../../../../protocol/client.ts';
import { serverParts } from '../serverBundle.ts';
import { quoted } from './quoted.ts';
import { pipeInto, runScript, SshError, type SshOptions, startProblem } from './ssh.ts';

export interface RemoteMachine {
  /** As the machine calls itself. */
  host: string;
  /** Where tasks and runs are there. */
  home: string;
  /** Path of a Node that is new enough, null if none was found. */
  node: string | null;
  /** True if this build's server lies there. */
  isInstalled: boolean;
  /** Of a server that was started once; it may be gone. */
  discovery: Discovery | null;
}

const probeMs = 40_000;
const installMs = 180_000;
const startMs = 60_000;
/** Builds that nobody has started for so long are removed when another one is put there, in days. */
const keptDays = 30;

const Probe = z.object({
  host: z.string(),
  home: z.string().startsWith('/'),
  node: z.string(),
  installed: z.string(),
  discovery: z.string(),
});

/**
 * What is there. AIRA2_HOME and Node are those of the session that ssh opens, else of the person's login shell; Node else of
 * version managers and of VS Code's own server. A discovery file of somebody else is not believed.
 * @throws {SshError}
 */
export async function probe(ssh: SshOptions, buildId: string): Promise<RemoteMachine> {
  const script = `
login=$("\${SHELL:-sh}" -lc 'printf "aira2-login-home %s\\n" "$AIRA2_HOME"; echo aira2-login-node; command -v node' </dev/null 2>/dev/null)
login_home=$(printf '%s\\n' "$login" | sed -n 's/^aira2-login-home //p' | tail -n 1)
login_node=$(printf '%s\\n' "$login" | sed '1,/^aira2-login-node$/d' | tail -n 1)
home="\${AIRA2_HOME:-\${login_home:-$HOME/.aira2}}"
host=$(uname -n)
name=$(printf %s "$host" | LC_ALL=C sed 's/[^A-Za-z0-9_.-]/_/g')
discovery="$home/server/$name.json"
[ -O "$home/server" ] && [ -O "$discovery" ] || discovery=
${findNode}
installed=no
[ -f "$home/server/builds/${buildId}/build.json" ] && installed=yes
printf 'aira2-host %s\\naira2-home %s\\naira2-node %s\\naira2-installed %s\\n' "$host" "$home" "$node" "$installed"
printf 'aira2-discovery '
[ -n "$discovery" ] && tr -d '\\n' < "$discovery"
echo
`;
  return parseProbe(ssh.host, await runScript(ssh, script, probeMs));
}

/** Leaves a path in `$node`, or nothing. A server that runs already has shown that its Node is new enough. */
const findNode = `
node=
running=
if [ -n "$discovery" ]; then
  pid=$(sed -n 's/.*"pid": *\\([0-9][0-9]*\\).*/\\1/p' "$discovery")
  running=$(readlink "/proc/$pid/exe" 2>/dev/null)
  case "$running" in */node|*/nodejs) ;; *) running= ;; esac
fi
fits() { [ -x "$1" ] && "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)' </dev/null >/dev/null 2>&1; }
for candidate in "$running" "$login_node" "$(command -v node 2>/dev/null)" "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.local/share/fnm/node-versions/*/installation/bin/node "$HOME"/.volta/bin/node "$HOME"/.local/share/mise/installs/node/*/bin/node /usr/local/bin/node /opt/node*/bin/node "$HOME"/.vscode-server/cli/servers/*/server/node "$HOME"/.vscode-server/bin/*/node; do
  case "$candidate" in /*) fits "$candidate" && node=$candidate && break ;; esac
done
`;

/** What a login shell prints beside is not looked at. @throws {SshError} */
export function parseProbe(host: string, output: string): RemoteMachine {
  const values: Record<string, string> = {};
  for (const line of output.split('\n')) {
    const [, key, value] = /^aira2-(\w+) ?(.*)$/.exec(line.replace(/\r$/, '')) ?? [];
    if (key !== undefined && value !== undefined) values[key] = value;
  }
  const parsed = Probe.safeParse(values);
  if (!parsed.success)
    throw new SshError(host, 'there', `it answered otherwise than expected: ${output.slice(0, 200)}`);
  const { home, node, installed, discovery } = parsed.data;
  return {
    host: parsed.data.host,
    home,
    node: node === '' ? null : node,
    isInstalled: installed === 'yes',
    discovery: discoveryOf(discovery),
  };
}

function discoveryOf(text: string): Discovery | null {
  try {
    return Discovery.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Of this build, on that machine. */
function folderOf({ home }: RemoteMachine, buildId: string): string {
  return `${home}/server/builds/${buildId}`;
}

/** Renames what has been unpacked; where another window was faster, its copy stays. */
const takePlace = [
  'const fs=require("fs");const [,from,to]=process.argv;',
  'const isWhole=()=>fs.existsSync(to+"/build.json");',
  'const take=()=>{if(fs.existsSync(to))fs.renameSync(to,from+".broken");fs.renameSync(from,to)};',
  'if(isWhole()===false){try{take()}catch(error){if(isWhole()===false)throw error}}',
].join('');

/** Copies the server of this extension to the host, whole or not at all. @throws {SshError} */
export async function install(
  ssh: SshOptions,
  machine: RemoteMachine & { node: string },
  extensionFolder: string,
  buildId: string,
): Promise<void> {
  const builds = quoted(`${machine.home}/server/builds`);
  const command = [
    `set -e; umask 077; builds=${builds}; mkdir -p "$builds"; new=$(mktemp -d "$builds/.new-XXXXXX")`,
    `trap 'rm -rf "$new" "$new.broken"' EXIT; trap 'exit 1' HUP INT TERM`,
    // Without -C: tar would read backslashes in it its own way.
    'cd "$new"; tar -xzof -; cd /',
    `${quoted(machine.node)} -e ${quoted(takePlace)} "$new" "$builds/${buildId}"`,
    `find "$builds" -mindepth 1 -maxdepth 1 -type d -mtime +${keptDays} ! -name ${buildId} -exec rm -rf {} +`,
  ].join('; ');
  const tar = spawn('tar', ['-C', extensionFolder, '-czf', '-', ...serverParts], {
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
    // macOS would add files of its own.
    env: { ...process.env, COPYFILE_DISABLE: '1' },
  });
  const failed = new Promise<never>((_, reject) => {
    tar.on('error', (error) => reject(new SshError(ssh.host, 'refused', startProblem('tar', error))));
    tar.on('exit', (code) => {
      if (code !== 0) reject(new SshError(ssh.host, 'there', `packing the server ended with ${code}`));
    });
  });
  try {
    await Promise.race([pipeInto(ssh, `sh -c ${quoted(command)}`, tar.stdout, installMs), failed]);
  } finally {
    tar.kill();
  }
}

/**
 * Starts the server there, or finds the one that runs. It gets the environment of the person's login shell, as a terminal
 * would have it, if that shell can be had.
 * @throws {SshError} with what it printed
 */
export async function start(
  ssh: SshOptions,
  machine: RemoteMachine & { node: string },
  buildId: string,
): Promise<void> {
  const folder = folderOf(machine, buildId);
  const command = `env AIRA2_HOME=${quoted(machine.home)} ${quoted(machine.node)} ${quoted(`${folder}/server/aira2.mjs`)} serve --json`;
  const script = `
touch ${quoted(folder)}
case "\${SHELL##*/}" in
  sh|ash|dash|bash|ksh|zsh|fish) "$SHELL" -lc ${quoted(`exec ${command}`)} </dev/null >/dev/null 2>&1 && exit 0 ;;
esac
exec ${command} </dev/null
`;
  await runScript(ssh, script, startMs);
}
