import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Candidate } from '../../protocol/run.ts';
import { candidate, scored } from '../../test/support/candidates.ts';
import { Generator } from './generator.ts';
import { planRequest, planSampled } from './planner.ts';

const settings = { temperature: 0.2, crossover: 0.15, drafts: 2, direction: 'minimize' as const };
const population = (...members: Candidate[]) => new Map(members.map((member) => [member.id, member]));

describe('planning the next assignment', () => {
  it('drafts while nobody has a score, however many have been started', () => {
    const plan = planSampled(population(candidate(1), candidate(2), candidate(3)), settings, Generator.seeded(1));
    assert.equal(plan.operator, 'draft');
  });

  it('drafts until the wanted number of drafts is started, then descends', () => {
    const generator = Generator.seeded(1);
    assert.equal(planSampled(population(scored(1, 1)), settings, generator).operator, 'draft');
    assert.notEqual(planSampled(population(scored(1, 1), candidate(2)), settings, generator).operator, 'draft');
  });

  it('never samples failed, running or abandoned candidates', () => {
    const members = population(
      scored(1, 5),
      candidate(2, { state: 'failed' }),
      candidate(3),
      candidate(4, { state: 'abandoned' }),
    );
    const generator = Generator.seeded(7);
    for (let draw = 0; draw < 100; draw += 1) assert.deepEqual(planSampled(members, settings, generator).parents, [1]);
  });

  it('crosses two distinct parents, the better one first, with about the wanted probability', () => {
    const members = population(scored(1, 3), scored(2, 1), scored(3, 2), scored(4, 9));
    const generator = Generator.seeded(11);
    let crossovers = 0;
    for (let draw = 0; draw < 2000; draw += 1) {
      const plan = planSampled(members, settings, generator);
      if (plan.operator !== 'crossover') continue;
      crossovers += 1;
      const [first, second] = plan.parents.map((id) => members.get(id)?.search?.value ?? Number.NaN);
      assert.ok((first ?? 0) < (second ?? 0), `parents ${plan.parents} are distinct, and the better is first`);
    }
    assert.ok(crossovers > 220 && crossovers < 380, `${crossovers} of 2000`);
  });

  it('mutates when a crossover would have one parent only', () => {
    const plan = planSampled(
      population(scored(1, 3), candidate(2)),
      { ...settings, crossover: 1 },
      Generator.seeded(2),
    );
    assert.deepEqual([plan.operator, plan.parents], ['mutation', [1]]);
  });

  it('makes the same plans from the same seed', () => {
    const members = population(scored(1, 3), scored(2, 1), scored(3, 2));
    const plans = (seed: number) => {
      const generator = Generator.seeded(seed);
      return Array.from({ length: 30 }, () => planSampled(members, settings, generator).parents);
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
