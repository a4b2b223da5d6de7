/** Words found, marked in what is drawn, without touching it: the browser paints over ranges of text. */

const names = { found: 'ar-found', current: 'ar-found-current' } as const;

/** Most ranges that are marked at once. */
const mostMarks = 2000;

function* textsBelow(root: Node): Generator<Text> {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) if (node instanceof Text) yield node;
}

function rangesIn(root: Node, pattern: RegExp): Range[] {
  const ranges: Range[] = [];
  for (const text of textsBelow(root)) {
    for (const match of text.data.matchAll(pattern)) {
      const range = new Range();
      range.setStart(text, match.index);
      range.setEnd(text, match.index + match[0].length);
      ranges.push(range);
      if (ranges.length >= mostMarks) return ranges;
    }
  }
  return ranges;
}

/** Marks the words everywhere below `root`, and stronger below `current`. A pattern of null takes all marks away. */
export function markWords(root: Node, current: Node | null, pattern: RegExp | null): void {
  CSS.highlights.delete(names.found);
  CSS.highlights.delete(names.current);
  if (pattern === null) return;
  CSS.highlights.set(names.found, new Highlight(...rangesIn(root, pattern)));
  if (current !== null) {
    const strong = new Highlight(...rangesIn(current, pattern));
    strong.priority = 1;
    CSS.highlights.set(names.current, strong);
  }
}

/** The first place below `root` that has the words. */
export function firstMark(root: Node, pattern: RegExp): Range | null {
  for (const text of textsBelow(root)) {
    const [match] = text.data.matchAll(pattern);
    if (match === undefined) continue;
    const range = new Range();
    range.setStart(text, match.index);
    range.setEnd(text, match.index + match[0].length);
    return range;
  }
  return null;
}
