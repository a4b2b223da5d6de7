import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openRunView } from '../../protocol/projection.ts';
import type { Candidate } from '../../protocol/run.ts';
import { candidate, runStarted, scored } from '../../test/support/candidates.ts';
import { Generator } from './generator.ts';
import { planRequest, planSampled } from './planner.ts';
import { Population } from './population.ts';

const settings = { crossover: 0.15, drafts: 2 };

function population(...members: Candidate[]): Population {
  const view = openRunView('toy', { seq: 1, at: 0, body: runStarted() });
  for (const member of members) view.candidates.set(member.id, member);
  return Population.of(view);
}

function plan(members: Population, generator: Generator, change: Partial<typeof settings> = {}) {
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
