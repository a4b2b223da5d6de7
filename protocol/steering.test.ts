import assert from 'node:assert/strict';
import test from 'node:test';
import { RunState } from './run.ts';
import { takes, whyNotTaken } from './steering.ts';

const statesThatTake = (wish: 'work' | 'exclusion', config = {}) =>
  RunState.options.filter((state) => takes({ state, config }, wish));

test('work is taken by a run that searches or can be resumed, exclusions until the selection is made', () => {
  assert.deepEqual(statesThatTake('work'), ['running', 'paused', 'interrupted']);
  assert.deepEqual(statesThatTake('exclusion'), ['running', 'paused', 'stopping', 'interrupted']);
});

test('a replay takes no work in any state', () => {
  assert.deepEqual(statesThatTake('work', { replayOf: 'another-run' }), []);
  assert.equal(whyNotTaken({ state: 'running', config: { replayOf: 'another-run' } }, 'work'), 'replay');
});
