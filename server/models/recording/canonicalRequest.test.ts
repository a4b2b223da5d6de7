import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalRequest, normalised } from './canonicalRequest.ts';

const hashOf = (body: unknown, folders: string[] = []) =>
  canonicalRequest({ method: 'POST', path: '/v1/x', body: JSON.stringify(body) }, folders).hash;

describe('a canonical request', () => {
  it('is the same whatever the order of keys, and another one for any other word, number or order of messages', () => {
    assert.equal(hashOf({ a: { x: 1, y: [1, 2] }, b: 'words' }), hashOf({ b: 'words', a: { y: [1, 2], x: 1 } }));
    const hashes = [{ a: 'word' }, { a: 'words' }, { a: 1 }, { a: 2 }, { a: ['x', 'y'] }, { a: ['y', 'x'] }].map(
      (body) => hashOf(body),
    );
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('is the same at another time, in another folder, at another speed', () => {
    const output = (at: string, took: string, folder: string, left: string) => ({
      contents: [
        {
          text: `${at} wrote ${folder}/model.pkl\nreal\t0m1.204s\nfit in ${took}\n[ok · 1.2 s · step 3/60 · ${left} left]`,
        },
      ],
    });
    const one = output('2026-01-02 03:04:05,123', '1.25 seconds', '/home/a/.aira2', '10 min');
    const other = output('2026-11-22T13:14:15.5+01:00', '988 ms', '/srv/b', '49 s');
    assert.equal(hashOf(one, ['/home/a/.aira2']), hashOf(other, ['/srv/b']));
  });

  it('is the same however long the answer may be', () => {
    const one = { max_tokens: 8192, generationConfig: { seed: 1, maxOutputTokens: 8192 }, options: { num_predict: 1 } };
    const other = { generationConfig: { seed: 1, maxOutputTokens: 512 }, options: { num_predict: 2 } };
    assert.equal(hashOf(one), hashOf(other));
    assert.notEqual(hashOf(one), hashOf({ ...other, generationConfig: { seed: 2 } }));
    assert.notEqual(hashOf({ messages: [{ max_tokens: 1 }] }), hashOf({ messages: [{ max_tokens: 2 }] }));
  });

  it('knows dates of ls and date, epoch seconds, addresses, jobs and temporary folders', () => {
    const cases: [string, string][] = [
      ['-rw-r--r-- 1 root root 12 Nov  2 09:41 a.csv', '-rw-r--r-- 1 root root 12 <moment> a.csv'],
      ['drwx 2 root root 40 Jan 12  2025 b', 'drwx 2 root root 40 <moment> b'],
      ['Fri Nov 20 11:01:29 UTC 2026', '<moment>'],
      ['1763636363.25', '<moment>'],
      ['<A object at 0x7f3c2a1b9d30>', '<A object at <address>>'],
      ['[1] 4711', '<process>'],
      ['/tmp/tmpab12/x', '<temporary>'],
    ];
    for (const [text, expected] of cases) assert.equal(normalised(text, []), expected);
  });

  it('does not touch what decides: scores, counts, code', () => {
    for (const text of [
      'rmse 0.5213',
      'fold 3: 0.912 (n=1200)',
      'x[10:20]',
      'epochs=12, lr=3e-4',
      'lambda s: s.split(2)',
    ])
      assert.equal(normalised(text, []), text);
  });
});
