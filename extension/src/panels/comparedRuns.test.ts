import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, RunEventBody } from '../../../protocol/run.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';
import { candidate, runStarted } from '../../../test/support/candidates.ts';
import { ComparedRunReader } from './comparedRuns.ts';

const started = (id: number): RunEventBody => ({
  type: 'candidate_started',
  candidate: candidate(id),
  request: null,
  generator: [],
});
const scored = (id: number): RunEventBody => ({
  type: 'candidate_scored',
  id,
  search: { value: 1 / id, standardError: 0.01, rows: 100 },
  evaluation: [],
  suspiciouslyPerfect: false,
});

/** One event a second. */
function logOf(...bodies: RunEventBody[]): RunEvent[] {
  return bodies.map((body, index) => ({ seq: index + 1, at: index * 1000, body }));
}

/** A server with this log, which answers when it is let, with a few events at a time. */
function server(log: readonly RunEvent[], pageLimit: number) {
  const asked: number[] = [];
  const client = {
    request: async (_method: string, { sinceSeq }: { sinceSeq: number }) => {
      asked.push(sinceSeq);
      await new Promise((resolve) => setImmediate(resolve));
      return { events: log.slice(sinceSeq, sinceSeq + pageLimit), lastSeq: log.length };
    },
  };
  return { client: client as unknown as AgentServerClient, asked };
}

const ends = [
  { candidate: 1, activeMs: 3000 },
  { candidate: 2, activeMs: 4000 },
  { candidate: 3, activeMs: 6000 },
];
const log = logOf(runStarted(), started(1), started(2), scored(1), scored(2), started(3), scored(3), started(4));
const endsOf = (points: readonly { candidate: number; activeMs: number }[]) =>
  points.map(({ candidate: id, activeMs }) => ({ candidate: id, activeMs }));

test('each candidate has come to its end when the run had been active so long, page by page', async () => {
  const { client, asked } = server(log, 3);
  const { summary, points } = await new ComparedRunReader('run-one').read(client);
  assert.deepEqual(endsOf(points), ends);
  assert.equal(summary.counts.scored, 3);
  assert.deepEqual(asked, [0, 3, 6]);
});

test('two readings at once leave every candidate at its time', async () => {
  const { client } = server(log, 2000);
  const reader = new ComparedRunReader('run-one');
  for (const { points, summary } of await Promise.all([reader.read(client), reader.read(client)])) {
    assert.deepEqual(endsOf(points), ends);
    assert.equal(summary.counts.scored, 3);
  }
});

test('what is known is not asked for again', async () => {
  const reader = new ComparedRunReader('run-one');
  await reader.read(server(log.slice(0, 4), 2000).client);
  const { client, asked } = server(log, 2000);
  assert.deepEqual(endsOf((await reader.read(client)).points), ends);
  assert.deepEqual(asked, [4]);
});
