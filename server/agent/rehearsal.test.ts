import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type StepOptions, Trajectory } from '../../test/support/trajectory.ts';
import { rehearsedDirectory, rehearsedIdea } from './rehearsal.ts';

const form = { entryFile: 'solution.py', interpreter: 'python' };

/** Where the last of these steps ran the program, if it did. */
function directoryOf(...steps: (string | StepOptions)[]): string | null {
  const trajectory = new Trajectory();
  for (const step of steps) trajectory.step(typeof step === 'string' ? { args: { command: step } } : step);
  const last = trajectory.events.findLast((event) => event.type === 'model');
  const call = last?.type === 'model' ? last.calls[0] : undefined;
  assert.ok(call !== undefined);
  return rehearsedDirectory(trajectory.events, call, form)?.directory ?? null;
}

describe('a rehearsal', () => {
  it('is a call that runs the entry file, wherever the shell is by then', () => {
    const cases: [string[], string | null][] = [
      [['python /workspace/program/solution.py'], '/workspace/program'],
      [['cd /workspace/program && time python3 -u solution.py 2>&1 | tail -5'], '/workspace/program'],
      [['cd program', 'ls', 'python solution.py'], '/workspace/program'],
      [['cd program; cd ..', 'timeout 60 /opt/venv/bin/python ./v2/solution.py'], '/workspace/v2'],
      [
        ["cat > program/solution.py <<'EOF'\ncd /elsewhere\nEOF\ncd program && python solution.py"],
        '/workspace/program',
      ],
      [["cat > solution.py <<'EOF'\nprint(1) # python solution.py\nEOF"], null],
      [['cd "$DIR"', 'python solution.py'], null],
      [['python -m py_compile solution.py'], null],
      [['python other_solution.py'], null],
      [['cat /workspace/program/solution.py'], null],
    ];
    for (const [commands, directory] of cases) assert.equal(directoryOf(...commands), directory, commands.join(' // '));
  });

  it('counts in Python only where the path is written out', () => {
    const code = (text: string): StepOptions => ({ tool: 'python', args: { code: text } });
    assert.equal(
      directoryOf(code("import runpy; runpy.run_path('/workspace/program/solution.py')")),
      '/workspace/program',
    );
    assert.equal(directoryOf(code('!python solution.py')), null);
  });

  it('did not succeed where the call failed, or a traceback went through a pipe', () => {
    const args = { command: 'cd program && python solution.py | tail' };
    assert.equal(directoryOf({ args, outcome: 'error' }), null);
    assert.equal(directoryOf({ args, text: 'Traceback (most recent call last)\nValueError' }), null);
    assert.equal(directoryOf({ args }), '/workspace/program');
  });

  it('is remembered with what the agent said when it was kept', () => {
    const trajectory = new Trajectory().step({ reason: 'Ridge on\nlog features.' }).step();
    assert.equal(rehearsedIdea(trajectory.events), '');
    trajectory.add({ type: 'rehearsed', at: 2, step: 2, directory: '/workspace/program', files: 1 });
    trajectory.step({ reason: 'Now something wild.' });
    assert.equal(rehearsedIdea(trajectory.events), 'Ridge on log features.');
  });
});
