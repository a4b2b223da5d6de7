import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

// Distributions' own Python: one below root's home is closed to everybody else.
const python = '/usr/bin/python3';
const script = `
import { createBwrapDriver } from ${JSON.stringify(new URL('../../server/worker/sandbox/bwrap.ts', import.meta.url).href)};
import { AgentSandbox } from ${JSON.stringify(new URL('../../server/worker/agentSandbox.ts', import.meta.url).href)};
const driver = await createBwrapDriver();
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

test('an ordinary user has the same sandboxes, and is told which limits do not hold', {
  skip,
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unprivileged-'));
  try {
    chmodSync(folder, 0o755);
    execFileSync(python, ['-m', 'venv', '--without-pip', join(folder, 'venv')]);
    const user = ['--reuid=12345', '--regid=12345', '--clear-groups', '--'];
    const node = [process.execPath, '--input-type=module-typescript', '-e', script, join(folder, 'venv')];
    const child = spawn('setpriv', [...user, ...node], { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    await new Promise((resolve) => child.once('close', resolve));
    const line = said.split('\n').find((each) => each.startsWith('{'));
    assert.ok(line !== undefined, said);
    const found = JSON.parse(line);
    assert.equal(found.text, '0\na1\n1\n1\n50\n');
    assert.match(found.slow, /SIGINT/);
    assert.deepEqual([found.exported, found.user], ['exported', 12345]);
    assert.match(found.notEnforced.join(), /memory limit/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
