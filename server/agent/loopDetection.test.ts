import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Trajectory } from '../../test/support/trajectory.ts';
import { currentStreak } from './loopDetection.ts';

const cycle = (trajectory: Trajectory, commands: string[], times: number): Trajectory => {
  for (let time = 0; time < times; time += 1)
    for (const command of commands) trajectory.step({ args: { command }, text: `output of ${command}` });
  return trajectory;
};

describe('loop detection', () => {
  it('finds cycles of one to five steps from the third time on, though durations and step numbers differ', () => {
    for (const commands of [['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd', 'e']]) {
      const start = () => new Trajectory().step({ args: { command: 'before' } });
      assert.equal(currentStreak(cycle(start(), commands, 2).events), null);
      const streak = currentStreak(cycle(start(), commands, 3).events);
      assert.deepEqual(streak, { length: commands.length, repeats: 3, nudged: false });
      assert.equal(currentStreak(cycle(start(), commands, 5).events)?.repeats, 5);
    }
  });

  it('does not see a cycle of six', () => {
    assert.equal(currentStreak(cycle(new Trajectory(), ['a', 'b', 'c', 'd', 'e', 'f'], 5).events), null);
  });

  it('takes the order of arguments for nothing', () => {
    const trajectory = new Trajectory()
      .step({ args: { command: 'a', timeout_s: 5 } })
      .step({ args: { timeout_s: 5, command: 'a' } })
      .step({ args: { command: 'a', timeout_s: 5 } });
    assert.equal(currentStreak(trajectory.events)?.repeats, 3);
  });

  it('lets an agent poll as long as the output changes', () => {
    const polling = new Trajectory();
    for (let epoch = 1; epoch <= 12; epoch += 1)
      polling.step({ args: { command: 'tail -1 log' }, text: `epoch ${epoch}` });
    assert.equal(currentStreak(polling.events), null);
    const stuck = cycle(polling, ['tail -1 log'], 3);
    assert.equal(currentStreak(stuck.events)?.repeats, 3);
  });

  it('knows whether the agent was told during this streak, and forgets it with the next', () => {
    const trajectory = cycle(new Trajectory(), ['a'], 3).notice('looping');
    assert.equal(currentStreak(trajectory.events)?.nudged, true);
    assert.equal(currentStreak(cycle(trajectory, ['a'], 1).events)?.nudged, true);
    cycle(trajectory, ['something else'], 1);
    assert.equal(currentStreak(trajectory.events), null);
    assert.equal(currentStreak(cycle(trajectory, ['a'], 3).events)?.nudged, false);
  });

  it('needs the end of the trajectory to be the streak', () => {
    assert.equal(currentStreak(cycle(cycle(new Trajectory(), ['a'], 6), ['b'], 1).events), null);
  });
});
