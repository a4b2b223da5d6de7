import assert from 'node:assert/strict';
import test from 'node:test';
import { bringIntoView, pan, pixelMap, zoom } from './viewport.ts';

const domain = { from: 0, to: 100 };

test('what lies under the pointer stays there while one zooms', () => {
  const view = zoom(null, domain, 0.5, 0.25);
  assert.deepEqual(view, { from: 12.5, to: 62.5 });
  assert.deepEqual(zoom(view, domain, 0.5, 0.25), { from: 18.75, to: 43.75 });
});

test('zooming out ends at the whole, which then grows with the data', () => {
  assert.equal(zoom({ from: 10, to: 60 }, domain, 4, 0.5), null);
  assert.equal(pan(null, domain, 0.5), null);
});

test('the view never leaves the data', () => {
  assert.deepEqual(pan({ from: 10, to: 30 }, domain, -5), { from: 0, to: 20 });
  assert.deepEqual(pan({ from: 10, to: 30 }, domain, 50), { from: 80, to: 100 });
});

test('there is a last step of zooming in', () => {
  let view = zoom(null, domain, 0.5, 0.5);
  for (let i = 0; i < 200; i += 1) view = zoom(view, domain, 0.5, 0.5);
  assert.ok(view !== null && view.to - view.from >= 1e-5);
});

test('a place that is selected elsewhere is brought into view, and one that is there already moves nothing', () => {
  const view = { from: 10, to: 30 };
  for (const seen of [10, 10.1, 20, 29.9, 30]) assert.equal(bringIntoView(view, domain, seen), view, String(seen));
  assert.deepEqual(bringIntoView(view, domain, 70), { from: 60, to: 80 });
  assert.equal(bringIntoView(view, domain, Number.NaN), view);
});

test('pixels lead back to the axis, also upside down', () => {
  for (const reversed of [false, true]) {
    const map = pixelMap({ from: -5, to: 5 }, 40, 200, reversed);
    assert.ok(Math.abs(map.fromPixel(map.toPixel(1.25)) - 1.25) < 1e-12);
  }
  assert.equal(pixelMap({ from: 0, to: 1 }, 10, 100, true).toPixel(1), 10);
});
