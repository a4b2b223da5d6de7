import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleText } from './visibleText.ts';

test('marks that turn the direction of writing are shown by name', () => {
  assert.equal(
    visibleText('access_level != "user\u202E \u2066// admin\u2069"'),
    'access_level != "user⟨U+202E⟩ ⟨U+2066⟩// admin⟨U+2069⟩"',
  );
});

test('invisible copies of ASCII letters are shown by name', () => {
  assert.equal(visibleText('ok\u{e0068}\u{e0069}'), 'ok⟨U+E0068⟩⟨U+E0069⟩');
});

test('control characters become their pictures, lines and tabs stay', () => {
  assert.equal(visibleText('a\tb\nc\u0007\u001b[31m\u007f\u009b'), 'a\tb\nc␇␛[31m␡⟨U+009B⟩');
});

test('joined emoji and accented letters are left as they are', () => {
  assert.equal(visibleText('👩‍🔬 naïve Ω'), '👩‍🔬 naïve Ω');
});
