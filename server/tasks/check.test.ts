import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TaskManifest } from '../../protocol/task.ts';
import type { SelfTestReport } from '../evaluation/scorer.ts';
import { reportFindings } from './check.ts';

const manifest = TaskManifest.parse({
  schema: 'aira.task/1',
  id: 'mine',
  title: 'Mine',
  version: 1,
  source: { kind: 'local', ref: 'test', licence: 'CC0' },
  description: 'description.md',
  modality: 'tabular',
  data: { target: ['y'] },
  split: { method: 'random' },
  prediction: { columns: [{ name: 'y', role: 'value', dtype: 'float' }] },
  metric: { name: 'error', direction: 'minimize', optimum: 0, impl: { cmd: ['python', 'error.py'] } },
});

const variant = (
  score: number | null,
): { score: number | null; standardError: number | null; problem: string | null } => ({
  score,
  standardError: score === null ? null : 0.1,
  problem: score === null ? 'not so' : null,
});
const everywhere = (score: number | null): Record<string, ReturnType<typeof variant>> => ({
  search: variant(score),
  test: variant(score),
});

const sound: SelfTestReport = {
  optimum: 0,
  rows: { search: 10, test: 10 },
  targets: {},
  gold: everywhere(0),
  permuted: everywhere(5),
  shuffled: everywhere(0),
  constant: everywhere(3),
  nanRefused: true,
  infinityRefused: true,
  overflowRefused: true,
  sample: null,
};

function failures(change: Partial<SelfTestReport>, direction: 'minimize' | 'maximize' = 'minimize'): string[] {
  const findings = reportFindings({ ...sound, ...change }, { ...manifest, metric: { ...manifest.metric, direction } });
  return findings.filter(({ status }) => status === 'failed').map(({ name, detail }) => `${name}: ${detail}`);
}

describe('the self-test of a task', () => {
  it('passes a sound task', () => assert.deepEqual(failures({}), []));

  it('catches a flipped direction, and says so', () => {
    const [first = '', ...others] = failures({}, 'maximize');
    assert.match(
      first,
      /shuffled answers score worse: search: 5 beats the perfect 0.*metric\.direction is the wrong way round/,
    );
    assert.equal(others.length, 1, 'the constant beats gold as well');
  });

  it('catches a wrong optimum', () => {
    assert.match(failures({ gold: everywhere(1e-3), shuffled: everywhere(1e-3) }).join(), /search: 0\.001, not 0/);
  });

  it('catches perfect predictions that are refused', () => {
    assert.match(failures({ gold: everywhere(null) }).join(), /perfect predictions.*refused \(not so\)/);
  });

  it('catches a metric that reads no values', () => {
    assert.match(failures({ permuted: everywhere(0) }).join(), /0, as good as perfect.*reads no values/);
  });

  it('catches a metric that aligns by position', () => {
    assert.match(failures({ shuffled: everywhere(4) }).join(), /order of rows.*search: 4, not 0/);
  });

  it('catches a split whose target is constant', () => {
    assert.match(failures({ constant: { ...everywhere(3), test: variant(0) } }).join(), /test: 0, as good as perfect/);
  });

  it('catches numbers that are none', () => {
    assert.match(
      failures({ nanRefused: false, overflowRefused: false }).join(),
      /NaN was accepted; 1e999 was accepted/,
    );
  });
});
