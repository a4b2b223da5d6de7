import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrajectoryItem } from '../../../protocol/clientViews.ts';
import { Listeners } from '../../../protocol/subscription.ts';
import { FollowedTrajectories, type TrajectorySource } from './followedTrajectories.ts';

const item = (index: number): TrajectoryItem => ({
  index,
  event: { type: 'notice', at: 0, step: 1, kind: 'x', text: '' },
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, offset) => item(from + offset));

/** A log that grows, and the subscription that one connection has for it. */
function server() {
  const heard = new Listeners<readonly TrajectoryItem[]>();
  const connections = new Listeners<void>();
  const asked: string[] = [];
  const log: TrajectoryItem[] = [];
  const source: TrajectorySource = {
    page: async (_run, _candidate, from, limit) => log.slice(from, from + limit),
    follow: async (_run, _candidate, from) => asked.push(`follow ${from}`),
    unfollow: () => asked.push('unfollow'),
    onItems: (listener) => heard.add((items) => listener('run-one', 1, items)),
    onConnected: (act) => {
      void act();
      return connections.add(() => void act());
    },
  };
  return {
    source,
    asked,
    log,
    tell: (items: TrajectoryItem[]) => heard.tell(items),
    reconnect: () => connections.tell(),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('two panels on one candidate share a subscription, and each gets every event once', async () => {
  const { source, asked, tell } = server();
  const followed = new FollowedTrajectories();
  followed.attach(source);
  const one: number[] = [];
  const two: number[] = [];
  const first = await followed.follow({ run: 'run-one', candidate: 1, from: 0 }, (items) =>
    one.push(...items.map(({ index }) => index)),
  );
  tell(range(0, 3));
  const second = await followed.follow({ run: 'run-one', candidate: 1, from: 2 }, (items) =>
    two.push(...items.map(({ index }) => index)),
  );
  tell(range(2, 5));
  assert.deepEqual(one, [0, 1, 2, 3, 4]);
  assert.deepEqual(two, [2, 3, 4]);
  first.dispose();
  assert.doesNotMatch(asked.join(), /unfollow/, 'the other one still looks');
  second.dispose();
  assert.equal(asked.at(-1), 'unfollow');
});

test('events that a connection has lost are read, and none comes twice', async () => {
  const { source, log, tell } = server();
  log.push(...range(0, 1200));
  const followed = new FollowedTrajectories();
  followed.attach(source);
  const heard: number[] = [];
  await followed.follow({ run: 'run-one', candidate: 1, from: 10 }, (items) =>
    heard.push(...items.map(({ index }) => index)),
  );
  tell(range(900, 905));
  for (let round = 0; round < 10; round += 1) await turn();
  assert.deepEqual(
    heard,
    range(10, 1200).map(({ index }) => index),
  );
});

test('a new connection is asked for what is missing, not for everything', async () => {
  const { source, asked, tell, reconnect } = server();
  const followed = new FollowedTrajectories();
  followed.attach(source);
  await followed.follow({ run: 'run-one', candidate: 1, from: 0 }, () => undefined);
  tell(range(0, 7));
  reconnect();
  await turn();
  assert.equal(asked.at(-1), 'follow 7');
});
