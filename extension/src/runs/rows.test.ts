import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunState } from '../../../protocol/run.ts';
import type { Wish } from '../../../protocol/steering.ts';
import { candidateIcon, candidateMark, candidateRow } from './candidateRow.ts';
import { requestWords } from './requestWords.ts';
import { runRow } from './runRow.ts';
import { refusalWords, whenServed } from './steeringWords.ts';
import { candidate, score, summary, view } from './testRun.ts';
import { candidateTooltip, runTooltip } from './tooltips.ts';

const failure = { kind: 'timeout', message: 'ran for 10 s' } as const;

test('a row tells the score and the change against the better parent, up being better for any metric', () => {
  const one = view([
    candidate(1, { search: score(0.5) }),
    candidate(2, { search: score(0.4) }),
    candidate(3, { parents: [1, 2], operator: 'crossover', search: score(0.3), summary: 'blend' }),
  ]);
  const third = one.candidates.get(3);
  assert.ok(third);
  assert.equal(candidateRow(third, one, null).description, '0.30000 ▲0.10000 · × #2 · blend');
  one.summary.metric.direction = 'maximize';
  assert.match(candidateRow(third, one, null).description, /^0\.30000 ▼0\.20000/);
});

test('a change within noise is drawn hollow and said to be so', () => {
  const one = view([
    candidate(1, { search: score(0.5, 0.05) }),
    candidate(2, { parents: [1], search: score(0.49, 0.05) }),
  ]);
  const second = one.candidates.get(2);
  assert.ok(second);
  const row = candidateRow(second, one, null);
  assert.match(row.description, /△0\.01/);
  assert.match(row.spoken, /within noise/);
});

test('icons differ in shape, not only in colour, between states and operators', () => {
  const one = view([], { bestSearch: { candidate: 5, score: score(1), lead: null } });
  const shapes = [
    candidateIcon(candidate(1, { state: 'running' }), one),
    candidateIcon(candidate(1, { state: 'evaluating' }), one),
    candidateIcon(candidate(1, { state: 'failed', failure }), one),
    candidateIcon(candidate(1, { state: 'abandoned' }), one),
    candidateIcon(candidate(1), one),
    candidateIcon(candidate(2, { operator: 'mutation' }), one),
    candidateIcon(candidate(2, { operator: 'crossover' }), one),
    candidateIcon(candidate(2, { operator: 'human' }), one),
    candidateIcon(candidate(5), one),
  ].map(({ id }) => id);
  assert.equal(new Set(shapes).size, shapes.length);
});

test('what can be done with a candidate is in its tokens', () => {
  const one = view([candidate(1)]);
  const scored = candidateRow(candidate(1), one, 1).contextValue;
  for (const token of ['steerable', 'excludable', 'hasProgram', 'notPinned', 'marked'])
    assert.ok(scored.includes(`;${token};`), token);
  const running = candidateRow(candidate(2, { state: 'running', parents: [1] }), one, null).contextValue;
  assert.doesNotMatch(running, /;hasProgram;|;marked;/);
  assert.match(running, /;hasParent;/);
});

test('what its run takes no more is not among the tokens of a candidate', () => {
  const tokensIn = (state: RunState) => candidateRow(candidate(1), view([], { state }), null).contextValue;
  for (const state of ['running', 'paused', 'interrupted'] as const)
    assert.match(tokensIn(state), /;steerable;/, state);
  assert.doesNotMatch(tokensIn('stopping'), /;steerable;/);
  assert.match(tokensIn('stopping'), /;excludable;/);
  assert.doesNotMatch(tokensIn('finished'), /;steerable;|;excludable;/);
});

test('why a run takes nothing is said in words, and when it gets to what it takes', () => {
  const words = (state: RunState, wish: Wish) => refusalWords(summary({ state }), wish);
  assert.match(words('finished', 'work') ?? '', /on diamonds has ended .* nothing can be added/);
  assert.match(words('stopping', 'work') ?? '', /on diamonds is ending/);
  assert.match(words('finished', 'exclusion') ?? '', /made its selection/);
  assert.equal(words('stopping', 'exclusion'), null);
  assert.equal(words('interrupted', 'work'), null);
  const replay = summary({ config: { ...summary().config, replayOf: 'another-run' } });
  assert.match(refusalWords(replay, 'work') ?? '', /replays a recording/);
  assert.equal(whenServed('interrupted'), 'when the run is resumed');
  assert.equal(whenServed('running'), 'as soon as a slot is free');
});

test('one is not many', () => {
  const one = summary({
    stagnation: { sinceBest: 1, sinceClearBest: 1 },
    config: { ...summary().config, candidates: 1 },
  });
  assert.match(runTooltip(one, 'here'), /1 candidate since the last clear improvement/);
  assert.match(runTooltip(one, 'here'), /Ends at 1 candidate$/m);
  assert.match(candidateTooltip(candidate(1, { steps: 1 }), view([]), 0), /· 1 step ·/);
  assert.equal(requestWords({ kind: 'reevaluate', candidate: 1, times: 1 }), '#1 again');
});

test('a mark of a person is told before what the search thinks', () => {
  const one = view([], { bestSearch: { candidate: 1, score: score(1), lead: null } });
  assert.equal(candidateMark(candidate(1, { excluded: true }), one, null).badge, '–');
  assert.equal(candidateMark(candidate(1), one, 1).badge, '×');
  assert.equal(candidateMark(candidate(1), one, null).badge, '★');
});

test('sealed scores are said to be sealed, and shown once they are open', () => {
  const one = view([]);
  assert.match(candidateTooltip(candidate(1), one, 0), /\| test \| sealed until the run has ended \|/);
  one.summary.unsealed = true;
  assert.match(candidateTooltip(candidate(1, { test: score(0.25) }), one, 0), /\| test \| 0\\\.25/);
});

test('words of a model cannot become links, commands or table cells in a tooltip', () => {
  const evil = '[run](command:aira2.stop) | x |\n# head';
  const tip = candidateTooltip(candidate(1, { summary: evil, guidance: evil }), view([]), 0);
  assert.doesNotMatch(tip, /\]\(command:/);
  assert.match(tip, /\\\| x \\\|/);
});

test('a run that waits for its model says so in place of "running", and its tooltip why', () => {
  const waiting = summary({ outage: 'quota *exceeded*' });
  assert.match(runRow(waiting).description, /^waiting for the model · 2\/12/);
  assert.match(runTooltip(waiting, 'here'), /quota \\\*exceeded\\\*/);
});
