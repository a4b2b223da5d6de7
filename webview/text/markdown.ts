/**
 * The little of Markdown that models write into their reasoning, taken apart into data. There is no HTML in it, no picture and
 * no link that leads anywhere: what is not known is text.
 */

export type Inline =
  | { kind: 'text' | 'code' | 'strong' | 'emphasis'; text: string }
  /** Shown with its address in words: a model's text must not be one click away from a page. */
  | { kind: 'link'; text: string; address: string };

export type Block =
  | { kind: 'paragraph' | 'quote'; content: Inline[] }
  | { kind: 'heading'; level: number; content: Inline[] }
  | { kind: 'list'; ordered: boolean; start: number; items: { depth: number; content: Inline[] }[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'rule' };

const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)/;
const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const bullet = /^( *)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const rule = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const quote = /^ {0,3}> ?(.*)$/;

export function parseMarkdown(source: string): Block[] {
  const blocks: Block[] = [];
  const lines = source.replaceAll(/\r\n?/g, '\n').split('\n');
  let paragraph: string[] = [];
  const flush = () => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', content: parseInline(paragraph.join('\n')) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const opened = fence.exec(line);
    const titled = heading.exec(line);
    const item = bullet.exec(line);
    const quoted = quote.exec(line);
    if (opened !== null) {
      flush();
      const body: string[] = [];
      const marker = opened[1] ?? '```';
      for (at++; at < lines.length && !closes(lines[at] ?? '', marker); at++) body.push(lines[at] ?? '');
      blocks.push({ kind: 'code', language: opened[2] ?? '', text: body.join('\n') });
    } else if (line.trim() === '') flush();
    else if (rule.test(line)) {
      flush();
      blocks.push({ kind: 'rule' });
    } else if (titled !== null) {
      flush();
      blocks.push({ kind: 'heading', level: titled[1]?.length ?? 1, content: parseInline(titled[2] ?? '') });
    } else if (item !== null) {
      flush();
      addItem(blocks, item[1] ?? '', item[2] ?? '-', item[3] ?? '');
    } else if (quoted !== null) {
      flush();
      blocks.push({ kind: 'quote', content: parseInline(quoted[1] ?? '') });
    } else paragraph.push(line);
  }
  flush();
  return blocks;
}

function closes(line: string, marker: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= marker.length && trimmed === (marker[0] ?? '`').repeat(trimmed.length);
}

function addItem(blocks: Block[], indent: string, marker: string, text: string): void {
  const ordered = /\d/.test(marker);
  const depth = Math.min(5, Math.floor(indent.length / 2));
  const before = blocks.at(-1);
  const item = { depth, content: parseInline(text) };
  if (before?.kind === 'list' && (before.ordered === ordered || depth > 0)) before.items.push(item);
  else blocks.push({ kind: 'list', ordered, start: ordered ? Number.parseInt(marker, 10) : 1, items: [item] });
}

// Each alternative is bounded by what it cannot contain, so that the time is in proportion to the length.
const inline =
  /(`+)([^`]+)\1(?!`)|\*\*([^*\n]+)\*\*|(?<![\w*])\*([^*\s][^*\n]*)\*(?![\w*])|(?<!\w)_([^_\s][^_\n]*)_(?!\w)|\[([^[\]\n]{1,400})\]\(([^()\s]{1,2000})\)/g;

export function parseInline(source: string): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  for (const match of source.matchAll(inline)) {
    const [whole, , code, strong, star, underscore, text, address] = match;
    if (match.index > from) parts.push({ kind: 'text', text: source.slice(from, match.index) });
    from = match.index + whole.length;
    const emphasis = star ?? underscore;
    if (code !== undefined) parts.push({ kind: 'code', text: code.trim() === '' ? code : code.trim() });
    else if (strong !== undefined) parts.push({ kind: 'strong', text: strong });
    else if (emphasis !== undefined) parts.push({ kind: 'emphasis', text: emphasis });
    else if (text !== undefined && address !== undefined) parts.push({ kind: 'link', text, address });
  }
  if (from < source.length) parts.push({ kind: 'text', text: source.slice(from) });
  return parts;
}
