import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Operations, type Participant } from './operations.ts';

function somebody(isHere = true) {
  const abort = new AbortController();
  const heard: string[] = [];
  const participant: Participant = {
    say: (message) => heard.push(message),
    signal: abort.signal,
    hasGivenUp: () => isHere,
  };
  return { participant, heard, leave: () => abort.abort() };
}

describe('operations', () => {
  it('are done once for all who ask under one name, and tell each of them all steps', async () => {
    const operations = new Operations();
    const [one, two] = [somebody(), somebody()];
    const { promise, resolve } = Promise.withResolvers<string>();
    let begun = 0;
    const work = async (say: (message: string) => void) => {
      begun += 1;
      say('first step');
      return promise;
    };
    const first = operations.run('task.prepare', 'a', one.participant, work);
    const second = operations.run('task.prepare', 'a', two.participant, work);
    assert.equal(operations.underWay, 1);
    resolve('done');
    assert.deepEqual(await Promise.all([first, second]), ['done', 'done']);
    assert.equal(begun, 1);
    assert.deepEqual([one.heard, two.heard], [['first step'], ['first step']]);
    assert.equal(operations.underWay, 0);
    const late = somebody();
    assert.equal(
      await operations.run('task.prepare', 'a', late.participant, work),
      'done',
      'asked again after the end',
    );
  });

  it('end when the last who wanted them has given up, and not when he has only lost his connection', async () => {
    const operations = new Operations();
    const begin = (name: string, isHere: boolean) => {
      const who = somebody(isHere);
      const { promise, reject, resolve } = Promise.withResolvers<string>();
      const outcome = operations.run('run.start', name, who.participant, async (_, signal) => {
        signal.addEventListener('abort', () => reject(new Error('called off')));
        return promise;
      });
      return { who, outcome, resolve };
    };
    const givenUp = begin('given up', true);
    givenUp.who.leave();
    await assert.rejects(givenUp.outcome, /called off/);
    const lost = begin('lost', false);
    lost.who.leave();
    lost.resolve('started');
    assert.equal(await lost.outcome, 'started');
  });

  it('of another kind cannot go by the same name', async () => {
    const operations = new Operations();
    await operations.run('task.check', 'x', somebody().participant, async () => 1);
    await assert.rejects(
      operations.run('task.prepare', 'x', somebody().participant, async () => 2),
      /under way as task\.check/,
    );
  });
});
