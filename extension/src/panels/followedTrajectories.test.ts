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
  /** By candidate: how it answers when it is asked to follow. */
  const answers: Record<number, () => Promise<void>> = {};
  const source: TrajectorySource = {
    page: async (_run, _candidate, from, limit) => log.slice(from, from + limit),
    follow: async (_run, candidate, from) => {
      asked.push(`follow ${from}`);
      await answers[candidate]?.();
    },
    unfollow: () => asked.push('unfollow'),
    onItems: (listener) => heard.add((items) => listener('run-one', 1, items)),
    onConnected: (act) => {
      const run = () => void act().catch(() => undefined);
      run();
      return connections.add(run);
    },
  };
  return {
    source,
    asked,
    answers,
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
  const first = followed.follow({ run: 'run-one', candidate: 1, from: 0 }, (items) =>
    one.push(...items.map(({ index }) => index)),
  );
  await first.begun;
  tell(range(0, 3));
  const second = followed.follow({ run: 'run-one', candidate: 1, from: 2 }, (items) =>
    two.push(...items.map(({ index }) => index)),
  );
  await second.begun;
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
  followed.follow({ run: 'run-one', candidate: 1, from: 10 }, (items) =>
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
  followed.follow({ run: 'run-one', candidate: 1, from: 0 }, () => undefined);
  tell(range(0, 7));
  reconnect();
  await turn();
  assert.equal(asked.at(-1), 'follow 7');
});

test('one whose beginning is refused is asked for again with the next connection, until it is let go of', async () => {
  const { source, asked, answers, tell, reconnect } = server();
  const followed = new FollowedTrajectories();
  followed.attach(source);
  const heard: number[] = [];
  answers[1] = () => Promise.reject(new Error('the connection is closed'));
  const following = followed.follow({ run: 'run-one', candidate: 1, from: 3 }, (items) =>
    heard.push(...items.map(({ index }) => index)),
  );
  await assert.rejects(following.begun, /is closed/);
  answers[1] = async () => undefined;
  reconnect();
  await turn();
  tell(range(3, 5));
  assert.deepEqual(heard, [3, 4]);
  following.dispose();
  reconnect();
  await turn();
  assert.deepEqual(asked, ['follow 3', 'follow 3', 'unfollow']);
});

test('what is let go of before the server has answered is not sent by it for ever', async () => {
  const { source, asked, answers } = server();
  const followed = new FollowedTrajectories();
  followed.attach(source);
  const answer = Promise.withResolvers<void>();
  answers[1] = () => answer.promise;
  const following = followed.follow({ run: 'run-one', candidate: 1, from: 0 }, () => undefined);
  following.dispose();
  const before = asked.length;
  answer.resolve();
  await following.begun;
  assert.deepEqual(asked.slice(before), ['unfollow'], 'also where the first one came too early');
});

test('a candidate that a new connection refuses keeps no other one waiting', async () => {
  const { source, asked, answers, reconnect } = server();
  const followed = new FollowedTrajectories();
  followed.attach(source);
  await followed.follow({ run: 'run-one', candidate: 2, from: 5 }, () => undefined).begun;
  await followed.follow({ run: 'run-one', candidate: 1, from: 7 }, () => undefined).begun;
  answers[2] = () => Promise.reject(new Error('no such candidate'));
  asked.length = 0;
  reconnect();
  await turn();
  assert.deepEqual(asked, ['follow 5', 'follow 7']);
});
