/** What is found on the host, what is put there, and how the server is started: in plain `sh`, with nothing but Node needed. */
import { spawn } from 'node:child_process';
import * as z from 'zod';
import { Discovery } from '../../../../protocol/client.ts';
import { serverParts } from '../serverBundle.ts';
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

const Probe = z.object({
  host: z.string(),
  home: z.string(),
  node: z.string(),
  installed: z.string(),
  discovery: z.string(),
});

/** Ids of builds are plain: nothing needs quoting. */
const buildFolder = (id: string) => `"$home/server/builds/${id}"`;

/**
 * Node: the login shell's, else those of version managers and of VS Code's own server, the first that is new enough.
 * @throws {SshError}
 */
export async function probe(ssh: SshOptions, buildId: string): Promise<RemoteMachine> {
  const script = `
home="\${AIRA2_HOME:-$HOME/.aira2}"
host=$(uname -n)
name=$(printf %s "$host" | sed 's/[^A-Za-z0-9_.-]/_/g')
${findNode}
installed=no
[ -f ${buildFolder(buildId)}/build.json ] && installed=yes
printf 'aira2-host %s\\naira2-home %s\\naira2-node %s\\naira2-installed %s\\n' "$host" "$home" "$node" "$installed"
printf 'aira2-discovery '
[ -f "$home/server/$name.json" ] && tr -d '\\n' < "$home/server/$name.json"
echo
`;
  return parseProbe(ssh.host, await runScript(ssh, script, probeMs));
}

/** Leaves a path in `$node`, or nothing. */
const findNode = `
node=
fits() { [ -x "$1" ] && "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)' 2>/dev/null; }
shell_node=$("\${SHELL:-sh}" -lc 'command -v node' 2>/dev/null | tail -n 1)
for candidate in "$shell_node" "$(command -v node 2>/dev/null)" "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.local/share/fnm/node-versions/*/installation/bin/node "$HOME"/.volta/bin/node /usr/local/bin/node /opt/node*/bin/node "$HOME"/.vscode-server/cli/servers/*/server/node "$HOME"/.vscode-server/bin/*/node; do
  [ -n "$candidate" ] && fits "$candidate" && node=$candidate && break
done
`;

/** What a login shell prints beside is not looked at. */
export function parseProbe(host: string, output: string): RemoteMachine {
  const values: Record<string, string> = {};
  for (const line of output.split('\n')) {
    const [, key, value] = /^aira2-(\w+) ?(.*)$/.exec(line.trimEnd()) ?? [];
    if (key !== undefined && value !== undefined) values[key] = value;
  }
  const parsed = Probe.safeParse(values);
  if (!parsed.success) throw new SshError(host, `it answered in another form than expected: ${output.slice(0, 200)}`);
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

/** Copies the server of this extension to the host, whole or not at all. @throws {SshError} */
export async function install(ssh: SshOptions, extensionFolder: string, buildId: string): Promise<void> {
  const tar = spawn('tar', ['-C', extensionFolder, '-czf', '-', ...serverParts], { stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = new Promise<never>((_, reject) => {
    tar.on('error', (error) => reject(new SshError(ssh.host, `tar: ${startProblem(error)}`)));
    tar.on('exit', (code) => {
      if (code !== 0) reject(new SshError(ssh.host, `packing the server ended with ${code}`));
    });
  });
  const command = `set -e; home="\${AIRA2_HOME:-$HOME/.aira2}"; umask 077; mkdir -p "$home/server/builds"; t=$(mktemp -d "$home/server/builds/.new-XXXXXX"); tar -C "$t" -xzf -; if [ -f ${buildFolder(buildId)}/build.json ]; then rm -rf "$t"; else rm -rf ${buildFolder(buildId)}; mv "$t" ${buildFolder(buildId)}; fi`;
  await Promise.race([pipeInto(ssh, `sh -c ${quoted(command)}`, tar.stdout, installMs), failed]);
}

/** Starts the server there, or finds the one that runs. @throws {SshError} with what it printed */
export async function start(ssh: SshOptions, node: string, buildId: string): Promise<void> {
  const script = `
home="\${AIRA2_HOME:-$HOME/.aira2}"
export AIRA2_HOME="$home"
exec ${quoted(node)} ${buildFolder(buildId)}/server/aira2.mjs serve --json
`;
  await runScript(ssh, script, startMs);
}

/** For a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
