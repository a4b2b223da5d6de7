import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProbe, quoted } from './remoteServer.ts';
import { explainSsh, SshError, sshArguments } from './ssh.ts';

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

test('an unknown host key and a missing key say what to do in a terminal', () => {
  assert.match(explainSsh('gpu', 255, 'Host key verification failed.', ''), /ssh gpu/);
  assert.match(explainSsh('gpu', 255, 'ada@gpu: Permission denied (publickey,password).', ''), /ssh-add/);
  assert.match(explainSsh('gpu', 127, 'sh: tar: not found', ''), /tar: not found/);
});

test('the host stands behind "--", and ssh never asks', () => {
  const args = sshArguments({ host: 'gpu', configFile: '/c' });
  assert.deepEqual(args.slice(-2), ['--', 'gpu']);
  assert.ok(args.includes('BatchMode=yes'));
  assert.deepEqual(args.slice(0, 2), ['-F', '/c']);
});

test('a path with quotes stays one word for a shell', () => {
  assert.equal(quoted("a'b c"), "'a'\\''b c'");
});
