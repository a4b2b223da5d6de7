import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostsOf, isHostName } from './sshHosts.ts';

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
