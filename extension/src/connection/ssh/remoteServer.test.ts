import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoted } from './quoted.ts';
import { parseProbe } from './remoteServer.ts';
import { explainSsh, SshError, sshArguments } from './ssh.ts';
import { listeningOf } from './sshStream.ts';

test('what a login shell prints beside the answer is not taken for it', () => {
  const output = `Welcome to gpu-box!
aira2-host gpu-box
aira2-home /home/ada/.aira2
aira2-node /usr/local/bin/node
aira2-installed yes
aira2-discovery {"protocol":1,"pid":7,"url":"ws+unix:/run/a.sock:/client","token":"t"}
Have a nice day`;
  const machine = parseProbe('gpu-box', output);
  assert.equal(machine.node, '/usr/local/bin/node');
  assert.equal(machine.isInstalled, true);
  assert.equal(machine.discovery?.token, 't');
});

test('a host without Node or server is told apart from one that answers nonsense', () => {
  const machine = parseProbe('x', 'aira2-host x\naira2-home /h\naira2-node \naira2-installed no\naira2-discovery ');
  assert.deepEqual([machine.node, machine.isInstalled, machine.discovery], [null, false, null]);
  assert.throws(() => parseProbe('x', 'This account is disabled.'), SshError);
});

test('what ssh says against a host is told with what to do in a terminal, and is not tried for ever', () => {
  const changed = '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.';
  const cases: [string, RegExp][] = [
    ['Host key verification failed.', /not known here.*ssh gpu\)/],
    [changed, /another than before/],
    ['ada@gpu: Permission denied (publickey,password).', /ssh-add/],
    ['Received disconnect from 10.0.0.1: Too many authentication failures', /ssh-add/],
  ];
  for (const [stderr, words] of cases) {
    const error = explainSsh('gpu', 255, stderr, '');
    assert.match(error.message, words);
    assert.equal(error.problem, 'refused');
  }
});

test('a network that is away is told apart from a command that fails there', () => {
  const away = explainSsh('gpu', 255, 'ssh: connect to host gpu port 22: Network is unreachable', '');
  assert.deepEqual([away.problem, /unreachable/.test(away.message)], ['link', true]);
  const there = explainSsh('gpu', 127, 'sh: tar: not found', '');
  assert.deepEqual([there.problem, /tar: not found/.test(there.message)], ['there', true]);
});

test('the host stands behind "--", ssh never asks, and what could be an option is no host', () => {
  const args = sshArguments({ host: 'gpu', configFile: '/c' });
  assert.deepEqual(args.slice(-2), ['--', 'gpu']);
  assert.ok(args.includes('BatchMode=yes'));
  assert.deepEqual(args.slice(0, 2), ['-F', '/c']);
  assert.throws(() => sshArguments({ host: '-oProxyCommand=x' }), SshError);
});

test('the address of a server is read as it is on its own machine; another machine has none', () => {
  assert.deepEqual(listeningOf('ws+unix:/home/a%20b/s%3A1.sock:/client'), { path: '/home/a b/s:1.sock' });
  assert.deepEqual(listeningOf('ws://127.0.0.1:8080/client'), { host: '127.0.0.1', port: 8080 });
  assert.equal(listeningOf('ws://10.0.0.1:8080/client'), null);
});

test('a path with quotes stays one word for a shell', () => {
  assert.equal(quoted("a'b c"), "'a'\\''b c'");
});
