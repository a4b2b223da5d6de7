import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openRunView } from '../../protocol/projection.ts';
import type { Candidate } from '../../protocol/run.ts';
import { candidate, runStarted, scored } from '../../test/support/candidates.ts';
import { Generator } from './generator.ts';
import { planRequest, planSampled, type SearchSettings } from './planner.ts';
import { Population } from './population.ts';

const settings: SearchSettings = { crossover: 0.15, drafts: 2, search: 'evolution', operators: 'react' };

function population(...members: Candidate[]): Population {
  const view = openRunView('toy', { seq: 1, at: 0, body: runStarted() });
  for (const member of members) view.candidates.set(member.id, member);
  return Population.of(view);
}

function plan(members: Population, generator: Generator, change: Partial<SearchSettings> = {}) {
  return planSampled(members, members.drafts, { ...settings, ...change }, generator);
}

describe('planning the next assignment', () => {
  it('drafts while nobody has a score, however many have been started', () => {
    const members = population(candidate(1), candidate(2), candidate(3));
    assert.equal(plan(members, Generator.seeded(1)).operator, 'draft');
  });

  it('drafts until the wanted number of drafts is started, then descends', () => {
    const generator = Generator.seeded(1);
    const one = population(scored(1, 1));
    assert.equal(plan(one, generator).operator, 'draft');
    assert.notEqual(plan(population(scored(1, 1), candidate(2)), generator).operator, 'draft');
    // A second draft that is being announced counts.
    assert.notEqual(planSampled(one, 2, settings, generator).operator, 'draft');
  });

  it('never samples failed, running or abandoned candidates', () => {
    const members = population(
      scored(1, 5),
      candidate(2, { state: 'failed' }),
      candidate(3),
      candidate(4, { state: 'abandoned' }),
    );
    const generator = Generator.seeded(7);
    for (let draw = 0; draw < 100; draw += 1) assert.deepEqual(plan(members, generator).parents, [1]);
  });

  it('crosses two distinct parents, the better one first, with about the wanted probability', () => {
    const members = population(scored(1, 3), scored(2, 1), scored(3, 2), scored(4, 9));
    const generator = Generator.seeded(11);
    let crossovers = 0;
    for (let draw = 0; draw < 2000; draw += 1) {
      const { operator, parents } = plan(members, generator);
      if (operator !== 'crossover') continue;
      crossovers += 1;
      const [first, second] = parents.map((id) => members.get(id)?.search?.value ?? Number.NaN);
      assert.ok((first ?? 0) < (second ?? 0), `parents ${parents} are distinct, and the better is first`);
    }
    assert.ok(crossovers > 220 && crossovers < 380, `${crossovers} of 2000`);
  });

  it('names the older of two equal parents first', () => {
    const members = population(scored(1, 3), scored(2, 3), candidate(3));
    const generator = Generator.seeded(4);
    for (let draw = 0; draw < 20; draw += 1)
      assert.deepEqual(plan(members, generator, { crossover: 1 }).parents, [1, 2]);
  });

  it('mutates when a crossover would have one parent only', () => {
    const { operator, parents } = plan(population(scored(1, 3), candidate(2)), Generator.seeded(2), { crossover: 1 });
    assert.deepEqual([operator, parents], ['mutation', [1]]);
  });

  it('makes nothing but drafts without evolution', () => {
    const members = population(scored(1, 3), scored(2, 1), scored(3, 2));
    const generator = Generator.seeded(5);
    for (const search of ['best-of-k', 'random-drafts'] as const)
      for (let draw = 0; draw < 30; draw += 1) assert.deepEqual(plan(members, generator, { search }).operator, 'draft');
  });

  it('has single-turn operators mend what failed about every other time, each failure once', () => {
    const failure = { kind: 'program_error', message: 'ValueError' } as const;
    const members = population(
      scored(1, 3),
      scored(2, 2),
      candidate(3, { state: 'failed', failure }),
      candidate(4, { state: 'failed', failure: { kind: 'no_submission', message: 'nothing to mend' } }),
      candidate(5, { state: 'failed', failure }),
      candidate(6, { operator: 'mutation', parents: [5] }),
    );
    const generator = Generator.seeded(5);
    let mended = 0;
    for (let draw = 0; draw < 400; draw += 1) {
      const { operator, parents } = plan(members, generator, { operators: 'single-turn', crossover: 0 });
      assert.equal(operator, 'mutation');
      assert.ok([1, 2, 3].includes(parents[0] ?? 0), `${parents}`);
      if (parents[0] === 3) mended += 1;
      assert.notEqual(
        plan(members, generator).parents[0],
        3,
        'agents that can run their programs are not given failed ones',
      );
    }
    assert.ok(mended > 150 && mended < 250, `${mended} of 400`);
  });

  it('leaves a chain of failures alone after three repairs', () => {
    const failed = (id: number, ...parents: number[]) =>
      candidate(id, { operator: 'mutation', parents, state: 'failed', failure: { kind: 'timeout', message: '' } });
    assert.deepEqual(population(scored(1, 1), failed(2, 1), failed(3, 2), failed(4, 3)).repairable(), [4]);
    assert.deepEqual(population(scored(1, 1), failed(2, 1), failed(3, 2), failed(4, 3), failed(5, 4)).repairable(), []);
  });

  it('makes the same plans from the same seed', () => {
    const members = population(scored(1, 3), scored(2, 1), scored(3, 2));
    const plans = (seed: number) => {
      const generator = Generator.seeded(seed);
      return Array.from({ length: 30 }, () => plan(members, generator).parents);
    };
    assert.deepEqual(plans(5), plans(5));
    assert.notDeepEqual(plans(5), plans(6));
  });

  it('serves a person: fork is a mutation, cross a crossover, submit an evaluation of their own', () => {
    assert.deepEqual(planRequest('r', { kind: 'fork', parent: 4, guidance: 'smaller' }), {
      operator: 'mutation',
      parents: [4],
      origin: 'person',
      request: 'r',
      guidance: 'smaller',
    });
    assert.deepEqual(planRequest('r', { kind: 'cross', parents: [4, 2] }).parents, [4, 2]);
    assert.equal(planRequest('r', { kind: 'submit', program: 'x', summary: 's' }).operator, 'human');
  });
});
