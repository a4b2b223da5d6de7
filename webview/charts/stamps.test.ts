import assert from 'node:assert/strict';
import test from 'node:test';
import { type Picture, put } from './stamps.ts';

const picture = (width: number, height: number, fill = 0): Picture => ({
  width,
  height,
  pixels: new Uint32Array(width * height).fill(fill),
});
const red = 0xff0000ff;
const halfBlue = 0x80ff0000;

test('a stamp over the edge is cut, and writes nowhere else', () => {
  for (const [left, top, written] of [
    [-1, -1, 1],
    [3, 2, 2],
    [9, 9, 0],
    [-5, 0, 0],
    [1, 1, 4],
  ] as const) {
    const target = picture(5, 3);
    put(target, picture(2, 2, red), left, top);
    assert.equal(target.pixels.filter((pixel) => pixel === red).length, written === 2 ? 2 : written, `${left}, ${top}`);
  }
});

test('what is see-through mixes with what lies below, and stays itself on nothing', () => {
  const target = picture(2, 1);
  target.pixels[0] = red;
  put(target, picture(2, 1, halfBlue), 0, 0);
  const [mixed = 0, alone = 0] = target.pixels;
  assert.equal(alone, halfBlue);
  assert.equal(mixed >>> 24, 255);
  assert.ok(Math.abs((mixed & 255) - 127) <= 1 && Math.abs(((mixed >>> 16) & 255) - 128) <= 1);
});

test('what is wholly see-through changes nothing', () => {
  const target = picture(1, 1, red);
  put(target, picture(1, 1, 0x00ffffff), 0, 0);
  assert.equal(target.pixels[0], red);
});
