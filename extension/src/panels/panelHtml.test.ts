import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelHtml } from './panelHtml.ts';

const page = {
  title: '#12 </title><script>alert(1)</script>',
  script: 'https://host/dist/webview/trajectory.js',
  source: 'https://*.vscode-cdn.net',
  nonce: 'abc',
  language: 'de',
  strings: { Step: '</script><script>alert(2)</script>' },
};

test('the page runs one script, by its nonce, and loads nothing from elsewhere', () => {
  const html = panelHtml(page);
  assert.equal(html.match(/<script/g)?.length, 2, 'the strings, which are data, and the panel');
  assert.match(html, /default-src &#39;none&#39;; script-src &#39;nonce-abc&#39;;/);
  assert.doesNotMatch(html, /unsafe-inline|unsafe-eval/);
});

test('neither a title nor a translation can bring in a script', () => {
  const html = panelHtml(page);
  assert.doesNotMatch(html, /<script>/);
  const strings = /id="strings">(.*?)<\/script>/.exec(html)?.[1] ?? '';
  assert.deepEqual(JSON.parse(strings), page.strings);
});
