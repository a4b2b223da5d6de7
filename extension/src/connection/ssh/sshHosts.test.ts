import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostsOf, isHostName, sshConfigHosts } from './sshHosts.ts';

test('hosts are read from a configuration; patterns and what could be an option are left out', () => {
  const config = `
# gpu boxes
Host gpu-box gpu-2 *.cluster !bad
  HostName 10.0.0.1
  ProxyJump host-in-a-value
host = "quoted"
Match host other
Host -oProxyCommand=evil
`;
  assert.deepEqual(hostsOf(config), ['gpu-box', 'gpu-2', 'quoted']);
});

test('a host that ssh or a shell would take for something else is none', () => {
  for (const name of ['-oProxyCommand=x', 'a b', 'a;b', '$(x)', '', 'a\nb', '../x'])
    assert.equal(isHostName(name), false, name);
  for (const name of ['gpu-box', 'ada@10.0.0.1', 'ada@host.example', 'fe80::1%eth0']) assert.ok(isHostName(name), name);
});

test('hosts of included files are there too, of several and in a ring; what is missing has none', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'aira2-ssh-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'more of it'));
  const config = join(folder, 'config');
  await writeFile(config, `Include "${folder}/more of it/*.conf" ${folder}/none ${folder}/nowhere/*\nHost first\n`);
  await writeFile(join(folder, 'more of it', 'a.conf'), `Host second\nInclude ${config}\n`);
  await writeFile(join(folder, 'more of it', 'aconf'), 'Host not-meant\n');
  assert.deepEqual(await sshConfigHosts(config), ['first', 'second']);
  assert.deepEqual(await sshConfigHosts(join(folder, 'none')), []);
});
