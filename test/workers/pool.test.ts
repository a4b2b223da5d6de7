import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bash, evaluate, isAlive, pidOf, spec, startPool, textOf } from './poolFixture.ts';

describe('a worker pool', { timeout: 120_000 }, () => {
  it('carries out tool calls with state, and evaluations from a clean slate, on every slot', async () => {
    const fixture = await startPool({ slots: 2 });
    try {
      const [left, right] = [fixture.pool.slot(0), fixture.pool.slot(1)];
      assert.deepEqual(await left.openSession('agent-1', spec), { kept: false });
      assert.deepEqual(await left.openSession('agent-1', spec), { kept: true });
      await right.openSession('agent-2', spec);
      await left.execute('a1', bash('agent-1', 'x=17; echo set > note'));
      assert.match(textOf(await left.execute('a2', bash('agent-1', 'echo $x; cat note'))), /17\nset/);
      assert.match(textOf(await right.execute('b1', bash('agent-2', 'echo x=$x; cat note'))), /x=\n[\s\S]*No such/);
      const result = await right.execute(
        'e1',
        evaluate('printf "id,y\\n1,2\\n" > "$AIRA_OUT_DIR/predictions.csv"; ls'),
      );
      assert.ok(result.kind === 'evaluated', JSON.stringify(result));
      assert.equal(result.exitCode, 0);
      const pids = [pidOf(fixture, 0), pidOf(fixture, 1)];
      await fixture.pool.close();
      assert.deepEqual(pids.map(isAlive), [false, false]);
      await assert.rejects(left.execute('late', evaluate('true')), /closed/);
    } finally {
      await fixture.dispose();
    }
  });
});
