import assert from 'node:assert/strict';
import { it } from 'node:test';
import { applyEvent, openRunView } from '../../protocol/projection.ts';
import type { RunEventBody } from '../../protocol/run.ts';
import { TaskManifest } from '../../protocol/task.ts';
import { candidate, runStarted } from '../../test/support/candidates.ts';
import { renderReport, runReport } from './report.ts';

it('a report is inert wherever it repeats what a model, a program, a person or a manifest has written', () => {
  const hostile = '<img src=x onerror=alert(1)> | [link](command:x) ![i](https://x.test/i.png)\n# head';
  const score = { value: 0.5, standardError: 0.1, rows: 50 };
  const started = runStarted({ task: 'toy', model: hostile });
  const view = openRunView('20260101-000000-toy-aa01', {
    seq: 1,
    at: 0,
    body: { ...started, metric: { ...started.metric, name: hostile }, caveats: [hostile] },
  });
  const generator = [1, 2, 3, 4];
  const events: RunEventBody[] = [
    ...[1, 2, 3].map((id): RunEventBody => {
      const begun = candidate(id, { summary: hostile, author: hostile, guidance: hostile });
      return { type: 'candidate_started', candidate: begun, request: null, generator };
    }),
    { type: 'candidate_submitted', id: 1, summary: hostile, steps: 1 },
    { type: 'candidate_scored', id: 1, search: score, evaluation: [], suspiciouslyPerfect: false },
    {
      type: 'candidate_failed',
      id: 2,
      failure: { kind: 'program_error', message: hostile },
      steps: 1,
      evaluation: [],
    },
    { type: 'request_queued', request: 'a', body: { kind: 'fork', parent: 1, guidance: hostile } },
    { type: 'request_dropped', request: 'a', reason: hostile },
    { type: 'run_stopping', reason: hostile },
    {
      type: 'unsealed',
      scores: [{ id: 1, validation: score, test: score }],
      selected: 1,
      early: false,
    },
    { type: 'run_finished', reason: hostile },
  ];
  for (const [index, body] of events.entries()) applyEvent(view, { seq: index + 2, at: index, body });
  const manifest = manifestWith(hostile);
  const markdown = renderReport(runReport(view, manifest));
  for (const line of markdown.split('\n').filter((text) => text.includes('onerror'))) {
    const rest = line.replaceAll(/\\[\\<[|]/g, '');
    assert.doesNotMatch(rest, /<|\[/, line);
  }
  assert.ok((markdown.match(/onerror/g) ?? []).length >= 9, markdown);
  assert.doesNotMatch(markdown, /^# head/m);
});

it('a long table says what it leaves out, and where that is', () => {
  const view = openRunView('20260101-000000-toy-aa01', { seq: 1, at: 0, body: runStarted({ task: 'toy' }) });
  const score = { value: 0.5, standardError: 0.1, rows: 50 };
  const begin = (id: number): RunEventBody[] => [
    { type: 'candidate_started', candidate: candidate(id), request: null, generator: [1, 2, 3, 4] },
    { type: 'candidate_submitted', id, summary: 'x', steps: 1 },
    { type: 'candidate_scored', id, search: score, evaluation: [], suspiciouslyPerfect: false },
  ];
  const events = Array.from({ length: 53 }, (_, index) => begin(index + 1)).flat();
  for (const [index, body] of events.entries()) applyEvent(view, { seq: index + 2, at: index, body });
  const markdown = renderReport(runReport(view, manifestWith('Toy')));
  assert.equal(markdown.match(/^\| #/gm)?.length, 50);
  assert.match(markdown, /^3 more were scored: `aira2 runs candidates 20260101-000000-toy-aa01` lists all\.$/m);
});

function manifestWith(words: string): TaskManifest {
  return TaskManifest.parse({
    schema: 'aira.task/1',
    id: 'toy',
    title: words,
    version: 1,
    source: { kind: 'local', ref: 'x', licence: 'x' },
    description: 'd.md',
    modality: 'tabular',
    data: { target: ['y'] },
    split: { method: 'random' },
    prediction: { columns: [{ name: 'y', role: 'value', dtype: 'float' }] },
    metric: { name: words, direction: 'minimize', impl: { builtin: 'rmse' } },
    reference: { baselines: [{ name: words, score: 1, how: words }] },
  });
}
