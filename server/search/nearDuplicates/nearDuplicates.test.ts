import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simulatedProgram } from '../../../bench/simulation/program.ts';
import { estimatedSimilarity, shinglesOf, similarity, sketchOf } from './shingles.ts';
import { programTokens, pythonTokens } from './tokens.ts';

const program = `"""Predicts y.

It is short."""
import numpy as np  # arrays

def fit(rows: np.ndarray, rate: float = 0.10) -> dict[str, float]:
    '''Learns.'''
    # Nothing to see.
    values = {"rate": rate, 'steps': 1_000, "text": """a
# no comment"""}
    return {name: value * len(rows) for name, value in values.items()}
`;

const reformatted = `import numpy as np
def fit(
    rows: np.ndarray,
    rate: float = 1e-1,
) -> dict[str, float]:
        values = {
            'rate': rate,
            "steps": 1000, # steps
            'text': '''a
# no comment''',
        }
        return {name: value * len(rows) \\
            for name, value in values.items()}`;

const alike = (a: string, b: string) => similarity(shinglesOf(pythonTokens(a)), shinglesOf(pythonTokens(b)));

describe('programs as tokens', () => {
  it('are the same whatever comments, docstrings, quotes and layout are', () => {
    assert.deepEqual(pythonTokens(reformatted), pythonTokens(program));
  });

  it('differ by names, numbers, strings and operators', () => {
    for (const [from, to] of [
      ['rows)', 'row)'],
      ['0.10', '0.11'],
      ['"rate"', '"rates"'],
      ['value *', 'value +'],
      ['# no comment', '# a comment'],
    ] as const)
      assert.notDeepEqual(pythonTokens(program.replace(from, to)), pythonTokens(program), `${from} → ${to}`);
  });

  it('come from anything, also from what is no Python', () => {
    for (const text of ['', '"""', "'", 'x = "a\n', '\u0000\uffff€ 5€', '(((((', '1__0 0x1F 1.2.3 1e 1e+', '\\'])
      assert.ok(Array.isArray(pythonTokens(text)), JSON.stringify(text));
    assert.deepEqual(pythonTokens('größe = "ß"'), ['größe', '=', '"ß"']);
  });

  it('take other files line by line, and the order of files does not matter', () => {
    const file = (path: string, text: string) => ({ path, contentBase64: Buffer.from(text).toString('base64') });
    const files = [file('b.txt', ' one\n\ntwo '), file('a.py', 'x = 1')];
    assert.deepEqual(programTokens(files), ['file a.py', 'x', '=', '1', 'file b.txt', 'one', 'two']);
    assert.deepEqual(programTokens(files.toReversed()), programTokens(files));
  });

  it('are found in time linear in a program that is all quotes', () => {
    const began = performance.now();
    pythonTokens(`"""'''`.repeat(40_000));
    pythonTokens(`'"`.repeat(100_000));
    assert.ok(performance.now() - began < 5000);
  });
});

describe('likeness of programs', () => {
  const text = (name: string) => Buffer.from(simulatedProgram(name), 'base64').toString('utf8');

  it('is 1 for the same, near 1 for one number changed in a hundred lines, and low for others', () => {
    const base = text('a');
    assert.equal(alike(base, `# by me\n${base}`), 1);
    const changed = alike(base, base.replace(/, 50\)/, ', 51)'));
    assert.ok(changed > 0.98 && changed < 1, `${changed}`);
    assert.ok(alike(base, text('b')) < 0.5);
    assert.equal(alike('', ''), 1);
  });

  it('is estimated well by sketches', () => {
    const base = text('a').split('\n');
    for (const kept of [1, 0.97, 0.8, 0.5]) {
      const lines = base.map((line, index) => (index / base.length < kept ? line : `other_${index} = new(${index})`));
      const [a, b] = [shinglesOf(pythonTokens(base.join('\n'))), shinglesOf(pythonTokens(lines.join('\n')))];
      const error = Math.abs(estimatedSimilarity(sketchOf(a), sketchOf(b)) - similarity(a, b));
      assert.ok(error < 0.2, `${kept}: ${error}`);
    }
  });
});
