import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInline, parseMarkdown } from './markdown.ts';

test('paragraphs, headings, lists, quotes, rules and code are told apart', () => {
  const kinds = parseMarkdown(
    'Idea: a blend.\nGoes on.\n\n## Plan\n1. first\n2. second\n   - below\n\n> said\n---\n```python\nx = 1\n```\nend',
  );
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ['paragraph', 'heading', 'list', 'quote', 'rule', 'code', 'paragraph'],
  );
  const list = kinds[2];
  assert.ok(list?.kind === 'list' && list.ordered);
  assert.deepEqual(
    list.items.map(({ depth }) => depth),
    [0, 0, 1],
  );
});

test('code that is never closed goes to the end, and nothing in it is taken for markup', () => {
  const [code] = parseMarkdown('```bash\n# not a heading\n- not a list');
  assert.deepEqual(code, { kind: 'code', language: 'bash', text: '# not a heading\n- not a list' });
});

test('inline code, strong and emphasis', () => {
  assert.deepEqual(parseInline('use `a*b*c` **very** *much*, file_name_here stays'), [
    { kind: 'text', text: 'use ' },
    { kind: 'code', text: 'a*b*c' },
    { kind: 'text', text: ' ' },
    { kind: 'strong', text: 'very' },
    { kind: 'text', text: ' ' },
    { kind: 'emphasis', text: 'much' },
    { kind: 'text', text: ', file_name_here stays' },
  ]);
});

test('a link is its words and its address, whatever the address is', () => {
  assert.deepEqual(parseInline('[click](javascript:alert(1)) [x](javascript:void)'), [
    { kind: 'text', text: '[click](javascript:alert(1)) ' },
    { kind: 'link', text: 'x', address: 'javascript:void' },
  ]);
});

test('markup of HTML is text', () => {
  assert.deepEqual(parseMarkdown('<img src=x onerror=alert(1)>'), [
    { kind: 'paragraph', content: [{ kind: 'text', text: '<img src=x onerror=alert(1)>' }] },
  ]);
});

test('what looks like markup over and over costs time in proportion to its length', () => {
  const began = performance.now();
  for (const hostile of ['*a', '`', '[', '_a', '**', '](', '> ', '- ']) parseMarkdown(hostile.repeat(50_000));
  assert.ok(performance.now() - began < 5000, String(performance.now() - began));
});
