import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ScorerClosedError, ScorerError } from './errors.ts';
import type { UnsealedScores } from './evaluator.ts';
import { unsealAll } from './unsealing.ts';

const score = (value: number) => ({ value, standardError: 0.1, rows: 10 });
const good: UnsealedScores = { validation: score(1), test: score(2), problems: [], sealedRuns: [] };
const candidates = [1, 2, 3].map((id) => ({ id, search: score(id) }));
const broken = () => {
  throw new ScorerError('toy', 'its process keeps failing');
};

describe('unsealing all candidates', () => {
  it('leaves one that the scorer fails on without scores, names it, and goes on', async () => {
    const { scores, caveats } = await unsealAll(candidates, async (id) => (id === 2 ? broken() : good));
    assert.deepEqual(
      scores.map(({ id, validation, test }) => [id, validation?.value ?? null, test?.value ?? null]),
      [
        [1, 1, 2],
        [2, null, null],
        [3, 1, 2],
      ],
    );
    assert.equal(caveats.length, 1);
    assert.match(caveats[0] ?? '', /the scorer failed on their predictions: #2 \(#2: .*keeps failing\)/);
  });

  it('keeps the score of one split where only the other could not be scored', async () => {
    const { scores, caveats } = await unsealAll(candidates, async (id) =>
      id === 3 ? { ...good, test: null, problems: ['test: no metric for these'] } : good,
    );
    assert.deepEqual([scores[2]?.validation?.value, scores[2]?.test], [1, null]);
    assert.match(caveats[0] ?? '', /#3 \(#3: test: no metric for these\)/);
  });

  it('fails where nothing can be scored at all', async () => {
    await assert.rejects(unsealAll(candidates, broken), ScorerError);
  });

  it('fails where the scorer broke half-way, for then it is not the candidates', async () => {
    let asked = 0;
    await assert.rejects(
      unsealAll(candidates, async () => (++asked > 1 ? broken() : good)),
      ScorerError,
    );
  });

  it('stops at once when the scorer is closed: the run is resumed later', async () => {
    const closed = unsealAll(candidates, async (id) => {
      if (id > 1) throw new ScorerClosedError('toy');
      return good;
    });
    await assert.rejects(closed, ScorerClosedError);
  });

  it('says nothing where a program itself left no valid predictions', async () => {
    const { caveats } = await unsealAll(candidates, async () => ({ ...good, validation: null }));
    assert.deepEqual(caveats, []);
  });
});
