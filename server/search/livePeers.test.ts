import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Candidate } from '../../protocol/run.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { candidate, scored } from '../../test/support/candidates.ts';
import { draftContext } from '../../test/support/operatorContext.ts';
import { Trajectory } from '../../test/support/trajectory.ts';
import { LivePeers, type LivePeersOptions } from './livePeers.ts';
import { heardIn, recordedPeers } from './recording/recordedPeers.ts';

const files: ProgramFile[] = [{ path: 'solution.py', contentBase64: Buffer.from('x = 2\n').toString('base64') }];
const before: ProgramFile[] = [{ path: 'solution.py', contentBase64: Buffer.from('x = 1\n').toString('base64') }];

function peersAmong(atWork: Candidate[], change: Partial<LivePeersOptions> = {}): LivePeers {
  return new LivePeers({
    candidate: candidate(9),
    context: draftContext(),
    events: [],
    population: { atWork: () => atWork, get: (id) => (id === 4 ? scored(4, 0.5) : undefined) },
    programs: { nearest: async () => null },
    ...change,
  });
}

describe('what an agent hears of others', () => {
  it('is the ideas of other first programs in flight, each once', () => {
    const others = [
      candidate(9, { idea: 'its own' }),
      candidate(2, { idea: 'trees' }),
      candidate(3),
      candidate(5, { operator: 'mutation', parents: [1], idea: 'a mutation' }),
    ];
    const peers = peersAmong(others);
    assert.match(peers.news() ?? '', /:\n- #2 \(draft\): trees\nTry something else/);
    assert.equal(peers.news(), null);
    others[2] = candidate(3, { idea: 'nets' });
    assert.match(peers.news() ?? '', /:\n- #3 \(draft\): nets\n/);
  });

  it('is the ideas of children of the same parents where it has parents', () => {
    const others = [
      candidate(5, { operator: 'mutation', parents: [1], idea: 'more trees' }),
      candidate(6, { operator: 'crossover', parents: [7, 2], idea: 'a blend' }),
      candidate(8, { operator: 'mutation', parents: [7], idea: 'elsewhere' }),
      candidate(2, { idea: 'a draft' }),
    ];
    const news = peersAmong(others, { candidate: candidate(9, { operator: 'crossover', parents: [1, 2] }) }).news();
    assert.match(news ?? '', /:\n- #5 \(mutation\): more trees\n- #6 \(crossover\): a blend\nTry/);
  });

  it('is nothing that it knew from its first message, or heard before a restart', () => {
    const known = {
      id: 2,
      parents: [],
      operator: 'draft',
      summary: 'trees',
      score: null,
      state: 'running',
      failure: null,
    };
    const context = draftContext({ inFlight: [{ ...known, operator: 'draft', state: 'running' }] });
    const heard = peersAmong([candidate(3, { idea: 'nets' })]).news() ?? '';
    const { events } = new Trajectory().step().notice('peer_ideas', heard);
    const others = [candidate(2, { idea: 'trees' }), candidate(3, { idea: 'nets' }), candidate(4, { idea: 'kernels' })];
    assert.match(peersAmong(others, { context, events }).news() ?? '', /:\n- #4 \(draft\): kernels\nTry/);
  });

  it('is told in a replay after the same steps as in the recording', async () => {
    const programs = { nearest: async () => ({ of: 4, similarity: 0.99, files: before }) };
    const live = peersAmong([candidate(2, { idea: 'trees' })], { programs });
    const repeated = await live.repeated(files);
    assert.deepEqual(repeated?.duplicate, { of: 4, similarity: 0.99 });
    const trajectory = new Trajectory()
      .step()
      .notice('peer_ideas', live.news() ?? '')
      .step();
    const { duplicate = { of: 0, similarity: 0 }, words = '' } = repeated ?? {};
    trajectory.add({ type: 'near_duplicate', at: 3, step: 2, duplicate, text: words });
    const again = recordedPeers(heardIn(trajectory.events));
    assert.deepEqual(
      [0, 1, 2].map((step) => again.news(step)?.includes('#2 (draft): trees') ?? false),
      [false, true, false],
    );
    assert.equal(await again.repeated(files, 1), null);
    assert.deepEqual(await again.repeated(files, 2), repeated);
  });
});
