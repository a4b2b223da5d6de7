/** The metrics that manifests are checked against are those that predictions are scored with. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import * as z from 'zod';
import { builtinMetrics } from '../../server/tasks/manifestRules.ts';
import { python } from './toyTask.ts';

const scoring = path.resolve(import.meta.dirname, '../../server/evaluation/python');
const listed = `import json
from aira_scoring.metrics import METRICS
print(json.dumps({m.name: {"predicts": m.kind, "direction": "maximize" if m.maximize else "minimize", "optimum": m.optimum}
                  for m in METRICS.values()}))
`;

test('the manifest and the scorer know the same metrics, with kind, direction and optimum', {
  timeout: 60_000,
}, async () => {
  const { stdout } = await execa(python, ['-B', '-c', listed], { env: { PYTHONPATH: scoring } });
  const known = z
    .record(z.string(), z.object({ predicts: z.string(), direction: z.string(), optimum: z.number() }))
    .parse(JSON.parse(stdout));
  assert.ok(Object.keys(known).length >= 10, stdout);
  assert.deepEqual(builtinMetrics, known);
});
