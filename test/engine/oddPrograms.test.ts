/** A whole run on a task whose grader fails on some predictions: no odd program ends it. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import pino from 'pino';
import { RunHost } from '../../server/api/runHost.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { prepareTask } from '../../server/tasks/prepare.ts';
import { runStarted } from '../support/candidates.ts';
import { linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, scriptedModel } from '../support/scriptedModel.ts';

/** Crashes on predictions of 12345 on search, and on predictions of 54321 on test. */
const grader = `import json, sys
q = json.load(sys.stdin)
predicted = q["predictions"]["y"]
if (12345.0 in predicted and q["split"] == "search") or (54321.0 in predicted and q["split"] == "test"):
    sys.exit("canary of the grader")
errors = [abs(float(a) - p) for a, p in zip(q["answers"]["y"], predicted)]
print(json.dumps({"score": sum(errors) / len(errors), "standard_error": 0.1}))
`;
const constant = (value: number) => linearProgram(0).replace("0 * float(row['x'])", String(value));

describe('a run whose grader fails on some predictions', { timeout: 180_000 }, () => {
  it('has them as failures of their candidates, selects among the others, and says so', async () => {
    await using toy = await linearTask();
    const file = join(toy.source, 'task.yaml');
    const cmd = JSON.stringify(['python', '-I', '-c', grader]);
    await writeFile(file, (await readFile(file, 'utf8')).replace('{builtin: rmse}', `{cmd: ${cmd}}`));
    const python = join(venv, 'bin', 'python');
    const task = await prepareTask({ home: toy.home, reference: toy.source, python, log: () => undefined });
    const programs = [constant(12345), constant(54321), linearProgram(3)];
    const model = scriptedModel({ program: ({ context }) => programs[context.draftIndex ?? 2] ?? linearProgram(3) });
    const store = await RunStore.create(toy.home, '20260101-000000-linear-aa11', {
      ...runStarted({ task: 'linear', candidates: 3, workers: 1, drafts: 3 }),
      metric: { name: 'RMSE', direction: 'minimize' },
    });
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const host = await RunHost.start({ store, task, model, venv, log });
    assert.deepEqual(await host.run(), { kind: 'finished' });
    const [search, test, good] = [...store.view.candidates.values()];
    assert.equal(search?.failure?.kind, 'invalid_predictions');
    assert.match(search?.failure?.message ?? '', /could not be scored, though a perfect file can be: .*code 1/);
    assert.deepEqual([test?.state, test?.validation === null, test?.test], ['scored', false, null]);
    assert.equal(store.view.summary.selected, good?.id);
    assert.ok(good?.test != null);
    assert.ok(
      store.view.summary.caveats.some((text) => /without validation or test score.*#2 \(#2: test: /.test(text)),
      store.view.summary.caveats.join('\n'),
    );
    // What the grader said is for the server's log alone.
    assert.match(lines.join(''), /canary of the grader/);
    assert.doesNotMatch(JSON.stringify([...store.view.candidates.values(), store.view.summary]), /canary/);
    await store.close();
  });
});
