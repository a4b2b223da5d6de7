/** Code with its words in the colours of the theme. It is drawn as text nodes: nothing in it can become an element. */

import bash from 'highlight.js/lib/languages/bash';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import { html, nothing, type TemplateResult } from 'lit';
import { createLowlight } from 'lowlight';
import { visibleText } from './visibleText.ts';

export type Language = 'python' | 'bash' | 'json' | 'text';

/** Longer code is shown without colours, in characters: finding them would hold up the page. */
const longestColoured = 60_000;

const lowlight = createLowlight({ bash, json, python });

type Root = ReturnType<typeof lowlight.highlight>;
type Node = Root['children'][number];

const names: Record<string, Language> = {
  python: 'python',
  py: 'python',
  bash: 'bash',
  sh: 'bash',
  shell: 'bash',
  console: 'bash',
  json: 'json',
};

/** What a fence of Markdown calls a language. */
export function languageNamed(name: string): Language {
  return names[name.toLowerCase()] ?? 'text';
}

/** The inside of a `<pre>`. */
export function codeView(source: string, language: Language): TemplateResult {
  const text = visibleText(source);
  if (language === 'text' || text.length > longestColoured) return html`${text}`;
  return html`${lowlight.highlight(language, text).children.map(drawn)}`;
}

function drawn(node: Node): TemplateResult | string | typeof nothing {
  if (node.type === 'text') return node.value;
  if (node.type !== 'element') return nothing;
  const classes = node.properties.className;
  const inside = node.children.map(drawn);
  return Array.isArray(classes) ? html`<span class=${classes.join(' ')}>${inside}</span>` : html`${inside}`;
}
