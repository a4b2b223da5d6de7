import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { whyNot } from './contract.ts';

// Distributions' own Python: one below root's home is closed to everybody else.
const python = '/usr/bin/python3';
const script = `
import { createSandboxDriver } from ${JSON.stringify(new URL('../../server/worker/sandbox/drivers.ts', import.meta.url).href)};
import { AgentSandbox } from ${JSON.stringify(new URL('../../server/worker/agentSandbox.ts', import.meta.url).href)};
const driver = await createSandboxDriver(process.argv[2]);
const limits = { cpus: 1, memoryMb: 300, diskMb: 16, pids: 50 };
const spec = { mounts: [], environment: {}, limits, files: [{ path: 'a', contentBase64: 'YQ==' }] };
const agent = await AgentSandbox.open(driver, { id: 'u', slot: 0, cpuList: [0], gpuUuid: null, venv: process.argv[1], spec });
const { text } = await agent.bash('id -u; cat a; python -c "print(1)"; nproc; touch /usr/x 2>&1 | grep -c Read-only; ulimit -u', 30000);
const slow = await agent.bash('sleep 100', 300);
const exported = await agent.exportFiles({ directory: '.', maxFiles: 2, maxBytes: 100 });
await agent.close();
console.log(JSON.stringify({ text, slow: slow.text, exported: exported.kind, notEnforced: driver.notEnforced, user: process.getuid() }));
`;

const skip = !existsSync(python)
  ? 'there is no Python of the distribution to make an environment that everybody can read'
  : process.getuid?.() !== 0
    ? 'the other tests run as an ordinary user already'
    : false;

/** podman and Apptainer want a user with an entry in /etc/passwd, which every system has for nobody. */
const drivers = [
  { name: 'bwrap', user: 12_345, inside: '0' },
  { name: 'podman', user: 65_534, inside: '0' },
  { name: 'apptainer', user: 65_534, inside: '65534' },
] as const;

/** Rootless podman keeps a process that holds its user namespace. */
function endPause(home: string): void {
  const path = join(home, 'libpod', 'tmp', 'pause.pid');
  if (existsSync(path)) process.kill(Number(readFileSync(path, 'utf8')), 'SIGKILL');
}

for (const { name, user, inside } of drivers) {
  test(`an ordinary user has the same sandboxes, and is told which limits do not hold (${name})`, {
    skip: skip || ((await whyNot(name)) ?? false),
    timeout: 60_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unprivileged-'));
    try {
      chmodSync(folder, 0o755);
      execFileSync(python, ['-m', 'venv', '--without-pip', join(folder, 'venv')]);
      const home = join(folder, 'home');
      mkdirSync(home, { mode: 0o700 });
      chownSync(home, user, user);
      const words = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--'];
      const node = [process.execPath, '--input-type=module-typescript', '-e', script, join(folder, 'venv'), name];
      const child = spawn('setpriv', [...words, ...node], {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: '/',
        env: { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home },
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
      await new Promise((resolve) => child.once('close', resolve));
      const line = said.split('\n').find((each) => each.startsWith('{'));
      assert.ok(line !== undefined, said);
      const found = JSON.parse(line);
      assert.equal(found.text, `${inside}\na1\n1\n1\n50\n`);
      assert.match(found.slow, /SIGINT/);
      assert.deepEqual([found.exported, found.user], ['exported', user]);
      assert.match(found.notEnforced.join(), /memory limit/);
    } finally {
      endPause(join(folder, 'home'));
      rmSync(folder, { recursive: true });
    }
  });
}
