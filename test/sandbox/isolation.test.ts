import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Sandbox } from '../../server/worker/sandbox/sandbox.ts';
import { driver, options, sh } from './fixture.ts';

const canary = `canary-${Math.random().toString(36).slice(2)}`;

describe('what a program in a sandbox can reach', { timeout: 120_000 }, () => {
  let host: string;
  let sandbox: Sandbox;
  let neighbour: Sandbox;
  before(async () => {
    host = mkdtempSync(join(tmpdir(), 'isolation-'));
    for (const name of ['public #1', 'private']) mkdirSync(join(host, name), { mode: 0o755 });
    writeFileSync(join(host, 'public #1', 'train.csv'), 'id,x\n1,2\n', { mode: 0o666 });
    writeFileSync(join(host, 'private', 'answers.csv'), canary);
    symlinkSync(join(host, 'private', 'answers.csv'), join(host, 'public #1', 'link.csv'));
    process.env.AIRA2_TEST_KEY = canary;
    const mounts = [{ source: join(host, 'public #1'), target: '/data/train' }];
    [sandbox, neighbour] = await Promise.all([
      driver.start(options({ mounts, environment: { AIRA_SEED: '1' } })),
      driver.start(options({ slot: 8 })),
    ]);
  });
  after(async () => {
    delete process.env.AIRA2_TEST_KEY;
    await Promise.all([sandbox.kill(), neighbour.kill()]);
    rmSync(host, { recursive: true });
  });

  const run = async (script: string): Promise<string> => (await sh(sandbox, script)).text;

  test('it is root by name, in a machine of its own, with the tools of the contract', async () => {
    assert.equal(
      await run('id -un; hostname; pwd; echo $HOME; command -v python; cat /data/train/train.csv'),
      'root\nsbx\n/workspace\n/root\n/opt/venv/bin/python\nid,x\n1,2\n',
    );
    assert.equal(await run('python -c "import numpy, sys; print(sys.prefix)"'), '/opt/venv\n');
  });

  test('labels next to the data are not there, by any path', async () => {
    const paths = [
      `${host}/private/answers.csv`,
      '/data/train/link.csv',
      '/data/private/answers.csv',
      '/data/train/../private/answers.csv',
    ];
    for (const path of [
      ...paths,
      `/proc/1/root${host}/private/answers.csv`,
      `/proc/self/root${host}/private/answers.csv`,
    ]) {
      assert.match(await run(`cat ${path}`), /No such file/, path);
    }
  });

  test('nothing of the host is in environments, command lines, process files or small files', async () => {
    const everything = await run(
      'cat /proc/*/environ /proc/*/cmdline /proc/*/mountinfo /proc/*/maps 2>/dev/null | tr "\\0" "\\n"; grep -rs --exclude-dir=ssl --exclude-dir=.pyenv --exclude-dir=.local . /etc /ctl /data /root /tmp /run /var /workspace /out',
    );
    assert.ok(everything.length > 1000);
    assert.ok(!everything.includes(canary));
    const names = (await run('tr "\\0" "\\n" </proc/1/environ | cut -d= -f1 | sort')).trim().split('\n');
    const allowed =
      'AIRA_SEED CUDA_VISIBLE_DEVICES GIT_PAGER HOME LANG LOGNAME LOKY_MAX_CPU_COUNT MKL_NUM_THREADS MPLBACKEND OMP_NUM_THREADS ' +
      'OPENBLAS_NUM_THREADS PAGER PATH PWD PYTHONUNBUFFERED SHELL TERM TMPDIR USER VIRTUAL_ENV';
    assert.deepEqual(names, allowed.split(' '));
  });

  test('it sees no process but its own, and cannot harm the first one', async () => {
    const pids = (await run('for p in /proc/[0-9]*; do cat $p/comm; done 2>/dev/null')).trim().split('\n');
    assert.deepEqual(
      [...new Set(pids)].sort(),
      ['bash', 'cat'].filter((name) => pids.includes(name)),
    );
    assert.equal(await run('kill -9 1; kill -STOP 1; kill -9 -1; echo here'), 'here\n');
    assert.equal(await run('echo the next one starts'), 'the next one starts\n');
    assert.ok(!sandbox.dead && !neighbour.dead);
  });

  test('it cannot make namespaces, mount, become more, or make devices', async () => {
    for (const attempt of [
      'unshare -U true',
      'unshare -m true',
      'unshare -n true',
      'mount -t tmpfs none /workspace',
      'mount -o remount,rw /',
      'umount /data/train',
      'chroot / true',
      'mknod /tmp/null c 1 3',
      'mknod /tmp/disk b 254 0',
      'nsenter -t 1 -m true',
      'echo 0 >/proc/sys/kernel/randomize_va_space',
      'chown 1 /tmp',
    ]) {
      assert.notEqual((await sh(sandbox, attempt)).code, 0, attempt);
    }
    assert.match(
      await run('grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status'),
      /CapEff:\s*0+\nNoNewPrivs:\s*1/,
    );
  });

  test('everything but its own few folders is read-only', async () => {
    for (const path of [
      '/x',
      // Apptainer's is the user's own, of 64 MiB.
      ...(driver.name === 'apptainer' ? [] : ['/dev/x']),
      '/etc/x',
      '/usr/x',
      '/opt/venv/x',
      '/data/train/train.csv',
      '/data/x',
      '/ctl/x',
      '/run/x',
      '/proc/x',
      '/sys/x',
    ]) {
      assert.match(await run(`echo a >${path}`), /Read-only|denied|No such file|not permitted/i, path);
    }
    assert.match(await run('rm -f /data/train/train.csv /ctl/init.sh /etc/passwd'), /Read-only/);
    for (const folder of ['/workspace', '/tmp', '/root', '/out', '/dev/shm', '/var/tmp']) {
      assert.equal(await run(`echo a >${folder}/x && cat ${folder}/x && rm ${folder}/x`), 'a\n');
    }
  });

  test('there is no network: no address, no name, no server of the host, no abstract socket', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const abstract = createServer().listen('\0aira2-isolation');
    await Promise.all([server, abstract].map((each) => new Promise((resolve) => each.once('listening', resolve))));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const attempt = `
import socket
def attempt(family, kind, to):
    try:
        with socket.socket(family, kind) as s:
            s.settimeout(3)
            s.connect(to)
            s.send(b"x")
        return "reached"
    except OSError as error:
        return type(error).__name__
print(attempt(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", ${port})))
print(attempt(socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80)))
print(attempt(socket.AF_INET, socket.SOCK_DGRAM, ("8.8.8.8", 53)))
print(attempt(socket.AF_UNIX, socket.SOCK_STREAM, "\\0aira2-isolation"))
try: print(socket.getaddrinfo("localhost.example.com", 80))
except OSError as error: print("no name")
`;
    try {
      const said = await run(`python - <<'E'\n${attempt}\nE`);
      assert.equal(said, 'ConnectionRefusedError\nOSError\nOSError\nConnectionRefusedError\nno name\n');
    } finally {
      server.close();
      abstract.close();
    }
  });

  test('two sandboxes share nothing', async () => {
    await run(
      'echo secret >/tmp/mine; echo secret >/dev/shm/mine; python -c "import time; time.sleep(0)"; (sleep 30 >/dev/null 2>&1 &)',
    );
    const { text } = await sh(
      neighbour,
      'ls /tmp /dev/shm /workspace /out; ls /proc | grep -c "^[0-9]"; ipcs -m | tail -n +4',
    );
    assert.ok(!text.includes('mine'));
    assert.match(text, /^(\/.*:\n\n?){4}[1-9]\n/);
  });

  test('names in it tell nothing: no task, no user, no path of the control folder beyond a random one', async () => {
    const folder = (await run('grep " /ctl " /proc/self/mountinfo')).split(' ')[3] ?? '';
    assert.match(folder, /\/aira2-[\d-]+-\w{6}\/ctl$/);
    assert.match(await run(`ls ${folder}`), /No such file/);
  });

  test('libraries find the processor, so that no warning clutters what an agent reads', async () => {
    const fit =
      'from sklearn.ensemble import HistGradientBoostingRegressor as H; import numpy as n; H(max_iter=2).fit(n.eye(40), n.arange(40)); print("fitted")';
    assert.equal(await run(`python -W error::UserWarning -c '${fit}'`), 'fitted\n');
  });
});
