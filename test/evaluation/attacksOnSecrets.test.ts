/** Attacks on what a program may not see, reach or harm. Each says what it found; nothing of it may be a hidden label. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AttackBench, failureOf, honestScore, processesWith, scoreOf } from './attackBench.ts';

const sentinel = 'sentinel-of-the-parent-4f1c';

describe('a hostile program', { timeout: 600_000 }, () => {
  let bench: AttackBench;
  let neighbour: string;
  before(async () => {
    process.env.AIRA2_TEST_SENTINEL = sentinel;
    bench = await AttackBench.start();
    neighbour = await mkdtemp(path.join(tmpdir(), 'neighbour-'));
    await mkdir(path.join(bench.toy.home, 'runs', 'other'), { recursive: true });
    for (const folder of [neighbour, path.join(bench.toy.home, 'runs', 'other')]) {
      await writeFile(path.join(folder, 'secret.txt'), sentinel, { mode: 0o644 });
    }
  });
  after(async () => {
    delete process.env.AIRA2_TEST_SENTINEL;
    await bench?.[Symbol.asyncDispose]();
    if (neighbour) await rm(neighbour, { recursive: true, force: true });
  });

  test('finds no hidden label in any file, environment, argument or process, and no host path to the labels', async () => {
    const outcome = await bench.send(`
train = set(re.findall(r'7310\\.\\d{6}', open(os.environ['AIRA_TRAIN_DIR'] + '/train.csv').read()))
found, seen = set(), 0
def look(path):
    global seen
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode) and not path.startswith('/proc'):
            return
        with open(path, 'rb') as f:
            content = f.read(300_000 if path.startswith('/proc') else 8_000_000)
    except OSError:
        return
    seen += 1
    found.update(set(re.findall(r'7310\\.\\d{6}', content.decode('latin1'))) - train)
    if b'${sentinel}' in content or b'answers.csv' in content and path.startswith('/proc'):
        found.add(path)
for top in sorted(os.listdir('/')):
    # The system's own programs and the virtual environment are the same for everybody.
    if top in ('usr', 'opt', 'proc', 'sys', 'lib', 'lib64', 'bin', 'sbin', 'lib32', 'libx32'):
        continue
    for folder, _, files in os.walk('/' + top):
        for name in files:
            look(folder + '/' + name)
for name in glob.glob('/proc/[0-9]*/*') + glob.glob('/proc/[0-9]*/fd/*') + glob.glob('/proc/*'):
    if os.path.basename(name) not in ('kmsg', 'kcore', 'mem', 'clear_refs') and not os.path.isdir(name):
        if '/fd/' not in name:
            look(name)
found.discard('/proc/%d/cmdline' % os.getpid())
report(found=sorted(found), seen=seen, train=len(train))
honest()
`);
    assert.ok(honestScore(scoreOf(outcome)));
    // Its own source names what it looks for; the data card says means of the training part, which look like labels.
    const found = (outcome.report.found as string[]).filter((name) => name !== '/workspace/solution.py');
    const leaked = found.filter((one) => one.startsWith('/') || bench.toy.hiddenLabels.has(one));
    assert.deepEqual(leaked, []);
    assert.ok(found.length < 5, `what are ${found.join(' ')}?`);
    assert.equal(outcome.report.train, bench.toy.task.counts.train);
    assert.ok(Number(outcome.report.seen) > 20);
  });

  test('cannot reach labels, other workers or the host by path or by way of /proc', async () => {
    const { task, home } = bench.toy;
    const paths = [
      path.join(task.privateDirectory, 'answers.csv'),
      path.join(task.privateDirectory, 'rows.csv'),
      task.directory,
      path.join(task.directory, 'task.json'),
      path.join(home, 'runs', 'other', 'secret.txt'),
      path.join(neighbour, 'secret.txt'),
      '/data/../private/answers.csv',
      '/data/private/answers.csv',
      '/data/eval/../../private/answers.csv',
    ];
    const outcome = await bench.send(`
paths = ${JSON.stringify(paths)}
roots = ['', '/proc/1/root', '/proc/self/root'] + [p + '/root' for p in glob.glob('/proc/[0-9]*')] + [p + '/cwd/..' for p in glob.glob('/proc/[0-9]*')]
opened = [root + path for root in roots for path in paths if os.path.lexists(root + path)]
descriptors = []
for fd in glob.glob('/proc/[0-9]*/fd/*'):
    target = attempt(lambda: os.readlink(fd))
    if '/private' in target or 'answers' in target:
        descriptors.append(target)
report(opened=opened, descriptors=descriptors, pids=len(glob.glob('/proc/[0-9]*')), home=os.path.lexists('/home'), root=os.listdir('/root'))
honest()
`);
    scoreOf(outcome);
    assert.deepEqual([outcome.report.opened, outcome.report.descriptors], [[], []]);
    assert.ok(Number(outcome.report.pids) < 12, `sees ${outcome.report.pids} processes`);
  });

  test('does not see the environment of whoever started its worker', async () => {
    const outcome = await bench.send(`
seen = [name for name, value in os.environ.items() if '${sentinel}' in value or 'AIRA2' in name]
for path in glob.glob('/proc/[0-9]*/environ'):
    try:
        seen += [path] if b'${sentinel}' in open(path, 'rb').read() else []
    except OSError:
        pass
report(seen=seen, contract=sorted(name for name in os.environ if name.startswith('AIRA_')))
honest()
`);
    scoreOf(outcome);
    assert.deepEqual(outcome.report.seen, []);
    const contract = ['AIRA_CPUS', 'AIRA_EVAL_DIR', 'AIRA_OUT_DIR', 'AIRA_SEED', 'AIRA_TIME_LIMIT_S', 'AIRA_TRAIN_DIR'];
    assert.deepEqual(outcome.report.contract, contract);
  });

  test('has no network: no host, no name, no loopback and no abstract socket of the host', async () => {
    let visitors = 0;
    const listen = (where: number | string) =>
      new Promise<Server>((resolve, reject) => {
        const server = createServer((socket) => {
          visitors++;
          socket.destroy();
        });
        server.once('error', reject);
        if (typeof where === 'number') server.listen(where, '127.0.0.1', () => resolve(server));
        else server.listen(where, () => resolve(server));
      });
    const name = `aira2-attack-${process.pid}`;
    const servers = [await listen(0), await listen(`\0${name}`)];
    const address = servers[0]?.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      const outcome = await bench.send(`
def tcp(host, port):
    with socket.create_connection((host, port), timeout=5):
        return 'connected'
def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b'x', ('192.0.2.1', 53))
def abstract():
    s = socket.socket(socket.AF_UNIX)
    s.connect('\\0${name}')
    return 'connected'
report(
    tcp=attempt(lambda: tcp('192.0.2.1', 443)), metadata=attempt(lambda: tcp('169.254.169.254', 80)),
    loopback=attempt(lambda: tcp('127.0.0.1', ${port})), name=attempt(lambda: socket.getaddrinfo('example.com', 80)),
    udp=attempt(udp), abstract=attempt(abstract), interfaces=[i[1] for i in socket.if_nameindex()])
honest()
`);
      scoreOf(outcome);
      const { interfaces, ...attempts } = outcome.report;
      for (const [kind, result] of Object.entries(attempts))
        assert.match(String(result), /Error|gaierror|refused/i, kind);
      assert.deepEqual(
        (interfaces as string[]).filter(
          (one) => !/^(lo|sit0|tunl0|ip6tnl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6gre0)$/.test(one),
        ),
        [],
      );
      assert.equal(visitors, 0);
    } finally {
      for (const server of servers) server.close();
    }
  });

  test('cannot change data, the virtual environment or the system', async () => {
    const outcome = await bench.send(`
def write(path):
    with open(path, 'w') as f:
        f.write('x')
targets = ['/data/eval/inputs.csv', '/data/train/train.csv', '/data/new', '/data/train/new', '/opt/venv/lib/sitecustomize.py',
           '/opt/venv/bin/python', '/usr/new', '/etc/passwd', '/new', '/proc/sys/kernel/hostname', '/proc/sysrq-trigger']
written = [t for t in targets if attempt(lambda: write(t)) == 'None']
removed = [t for t in targets if attempt(lambda: os.remove(t)) == 'None']
renamed = attempt(lambda: os.rename('/out', '/workspace/out2'))
mounted = [attempt(lambda: subprocess.run(c, check=True, capture_output=True)) for c in
           (['mount', '-o', 'remount,rw', '/data'], ['umount', '/data'], ['unshare', '-Ur', 'true'], ['chroot', '/', 'true'])]
report(written=written, removed=removed, renamed=renamed, mounted=mounted)
honest()
`);
    scoreOf(outcome);
    const { written, removed, renamed, mounted } = outcome.report;
    assert.deepEqual([written, removed], [[], []]);
    assert.notEqual(renamed, 'None');
    for (const result of mounted as string[]) assert.match(result, /Error/);
    assert.ok(honestScore(scoreOf(await bench.send('honest()'))));
  });

  test('kills nobody but itself with kill -9 -1', async () => {
    const outcome = await bench.send('honest(); os.kill(-1, 9); time.sleep(60)', { eval_exec_s: 20 });
    assert.match(failureOf(outcome), /^(program_error|timeout)$/);
    assert.ok(honestScore(scoreOf(await bench.send('honest()'))));
  });

  test('stops at its number of processes with a fork bomb, and takes all of them with it', async () => {
    const marker = 'process-of-the-fork-bomb';
    const outcome = await bench.send(`
children = 0
try:
    while children < 1000:
        subprocess.Popen(['python', '-c', 'import time; time.sleep(600)', '${marker}'])
        children += 1
except OSError as error:
    pass
report(children=children)
os.system('for i in 1 2 3; do (:(){ :|:& };:) 2>/dev/null; done')
honest()
`);
    assert.ok(Number(outcome.report.children) < 64, `started ${outcome.report.children}`);
    assert.ok(outcome.kind === 'scored' || outcome.failure.kind !== 'invalid_predictions');
    assert.deepEqual(await processesWith(marker), []);
    assert.ok(honestScore(scoreOf(await bench.send('honest()'))));
  });

  test('runs out of memory alone', async (context) => {
    if (bench.notEnforced.some((limit) => limit.includes('memory'))) {
      return context.skip('this machine gives no control group to limit memory with');
    }
    const outcome = await bench.send('honest(); hog = [bytes(50_000_000) + os.urandom(1) for _ in range(100)]');
    assert.equal(failureOf(outcome), 'out_of_memory');
    assert.ok(honestScore(scoreOf(await bench.send('honest()'))));
  });

  test('that talks without end is heard to a bound', async () => {
    const outcome = await bench.send(`
for _ in range(100):
    sys.stdout.write('x' * 1_000_000 + '\\n')
honest()
print('the end')
`);
    assert.ok(honestScore(scoreOf(outcome)));
    assert.ok(outcome.log.length <= 64 * 1024);
    assert.match(outcome.log, /the end/);
  });

  test('learns nothing from the files’ times, order or sizes in the data it is shown', async () => {
    const outcome = await bench.send(`
times = {os.stat(os.path.join(folder, name)).st_mtime for folder, _, names in os.walk('/data') for name in names}
report(times=len(times), ids=[row['id'] for row in inputs[:200]])
honest()
`);
    scoreOf(outcome);
    assert.equal(outcome.report.times, 1);
  });
});
