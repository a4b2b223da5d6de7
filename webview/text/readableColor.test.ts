import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contrast, leastContrast, parseColor, readable } from './readableColor.ts';

test('contrast is 21 for black on white and 1 for a colour on itself', () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([20, 30, 40], [20, 30, 40]), 1);
});

test('a colour that can be read stays; one that cannot is moved until it can', () => {
  const dark = [31, 31, 31] as const;
  assert.deepEqual(readable([200, 200, 200], dark), [200, 200, 200]);
  for (const background of [dark, [255, 255, 255], [128, 128, 128], [205, 49, 49]] as const)
    for (const color of [
      [205, 49, 49],
      [0, 0, 0],
      [36, 114, 200],
      [229, 229, 16],
    ] as const) {
      const moved = readable(color, background);
      assert.ok(contrast(moved, background) >= leastContrast - 0.01, `${color} on ${background} became ${moved}`);
    }
});

test('colours of CSS are read, translucent ones over what lies under them', () => {
  assert.deepEqual(parseColor('#1f1f1f'), [31, 31, 31]);
  assert.deepEqual(parseColor('#fff'), [255, 255, 255]);
  assert.deepEqual(parseColor('rgba(255, 255, 255, 0.5)', [0, 0, 0]), [128, 128, 128]);
  assert.deepEqual(parseColor('#ffffff80', [0, 0, 0]), [128, 128, 128]);
  assert.equal(parseColor('transparent'), null);
});
