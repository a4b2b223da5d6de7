import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nothingSpent } from '../../../protocol/amounts.ts';
import { score, summary } from '../runs/testRun.ts';
import type { Link } from './connection.ts';
import { needsPerson, statusText } from './statusText.ts';

const connected: Link = {
  kind: 'connected',
  server: {
    build: '0',
    buildTime: 0,
    pid: 1,
    startedAt: 0,
    host: 'gpu-box',
    user: 'ada',
    home: '/h',
    log: '/l',
    draining: false,
    clients: 1,
    liveRuns: [],
  },
};

test('the item names the live run, its best score, its cost and the machine', () => {
  const run = summary({
    bestSearch: { candidate: 7, score: score(0.0887), lead: null },
    spent: { ...nothingSpent, calls: 3, costUsd: 1.5 },
  });
  assert.equal(
    statusText(connected, 'gpu-box', false, [run])?.text,
    '$(sync~spin) diamonds 0.088700 ★#7 · $1.50 · gpu-box',
  );
});

test('a lost link is a warning that says that runs go on, and names the machine', () => {
  const lost = statusText({ kind: 'lost', reason: 'closed', server: connected.server }, 'gpu-box', false, []);
  assert.equal(lost?.severity, 'warning');
  assert.match(lost?.text ?? '', /lost.*gpu-box/);
  assert.match(lost?.tooltip ?? '', /Runs go on/);
});

test('no room is taken before anything was connected, unless another machine was chosen: it is named', () => {
  assert.equal(statusText({ kind: 'absent' }, 'here', true, []), null);
  assert.match(statusText({ kind: 'absent' }, 'gpu-box', false, [])?.text ?? '', /gpu-box/);
});

test('only what needs the person is counted', () => {
  const runs = [
    summary({ state: 'running' }),
    summary({ state: 'finished', outage: 'old news' }),
    summary({ state: 'interrupted' }),
    summary({ state: 'running', outage: 'quota' }),
  ];
  assert.equal(needsPerson(runs).count, 2);
});
