import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { draftContext } from '../../test/support/operatorContext.ts';
import { Trajectory } from '../../test/support/trajectory.ts';
import { workingState } from './workingState.ts';

const { task } = draftContext();

describe('what the engine knows of an agent’s work', () => {
  it('holds the files, the best and the latest scores, each attempt with its outcome, and the clock', () => {
    const trajectory = new Trajectory()
      .step({ args: { command: 'cat > /workspace/program/solution.py <<EOF\nx\nEOF' }, reason: 'Write a baseline.' })
      .step({ args: { command: 'python /workspace/program/solution.py' }, text: 'fold 1\nvalidation rmse: 0.52' });
    for (let step = 0; step < 14; step += 1) trajectory.step({ text: `cv rmse = ${0.6 + step / 100}` });
    trajectory.step({
      args: { command: 'pip install x' },
      text: 'no network',
      outcome: 'error',
      reason: 'Try a package.',
    });
    const state = workingState(trajectory.events, task, 'step 17/60 · 9 min left');
    assert.match(state, /^Now: step 17\/60 · 9 min left\./);
    assert.match(state, /- \/workspace\/program\/solution\.py/);
    assert.match(state, /- best: step 2: validation rmse: 0\.52/);
    assert.match(state, /- step 16: cv rmse = 0\.73/);
    assert.match(state, /- step 1 \(ok\) Write a baseline\. → bash: cat > /);
    assert.match(state, /- step 17 \(error\) Try a package\. → bash: pip install x/);
  });

  it('stays small whatever the trajectory holds', () => {
    const trajectory = new Trajectory();
    for (let step = 0; step < 300; step += 1)
      trajectory.step({
        args: { command: `echo ${'y'.repeat(5000)}` },
        text: `score 1\n${'z'.repeat(9000)}`,
        reason: 'w'.repeat(3000),
      });
    const state = workingState(trajectory.events, task, 'now');
    assert.ok(state.length < 25_000, String(state.length));
    assert.match(state, /\(260 earlier calls\)/);
  });
});
