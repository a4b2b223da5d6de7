import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choiceItems } from './choices.ts';

/** As VS Code finds icons in labels (`renderLabelWithIcons`): one with a backslash before it is text. */
const icons = (text: string) =>
  [...text.matchAll(/(\\)?\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/g)].filter(([, backslash]) => backslash === undefined)
    .length;

test('words of others draw no icon in a choice, and can be read as they are; our own icon is drawn', () => {
  const words = 'Heat $(flame) \\$(alert) $(sync~spin)';
  assert.equal(icons(words), 2);
  const [own, theirs] = choiceItems([
    { icon: 'file', label: words, description: words, detail: words, value: 1 },
    { label: words, value: 2 },
  ]);
  assert.ok(own && theirs);
  assert.equal(icons(own.label), 1);
  assert.ok(own.label.startsWith('$(file) '));
  for (const text of [own.description ?? '', own.detail ?? '', theirs.label]) {
    assert.equal(icons(text), 0, text);
    assert.equal(text.replaceAll('\\$(', '$('), words);
  }
});

test('a line between groups stays as it is', () => {
  const line = { label: 'built in', kind: -1 };
  assert.deepEqual(choiceItems([line]), [line]);
});
