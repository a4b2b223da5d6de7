/** Breaks lines of rendered Python that are too long, the way black does: at the outermost brackets, then at their commas. */

const mostColumns = 120;

/** Every statement within 120 columns where its brackets allow it. Comments and strings are left alone. */
export function wrapLines(program: string): string {
  return program
    .split('\n')
    .flatMap((line) => wrapped(line))
    .join('\n');
}

function wrapped(line: string): string[] {
  if (line.length <= mostColumns || line.trimStart().startsWith('#')) return [line];
  const pair = lastBrackets(line);
  if (pair === null) return [line];
  const indent = ' '.repeat(line.length - line.trimStart().length);
  const inner = line.slice(pair.open + 1, pair.close);
  const items = splitAtCommas(inner);
  const head = line.slice(0, pair.open + 1);
  const tail = indent + line.slice(pair.close);
  const together = `${indent}    ${inner}`;
  // One argument or comprehension stays whole: a comma after it could change what it is.
  const fits = together.length <= mostColumns || items.length < 2;
  const body = fits ? [together] : items.map((item) => `${indent}    ${item},`);
  return [head, ...body.flatMap(wrapped), tail];
}

/** The last outermost pair of brackets with something between them. */
function lastBrackets(line: string): { open: number; close: number } | null {
  let depth = 0;
  let open = -1;
  let found: { open: number; close: number } | null = null;
  for (const { character, index } of codeOf(line)) {
    if ('([{'.includes(character)) {
      if (depth === 0) open = index;
      depth += 1;
    } else if (')]}'.includes(character)) {
      depth -= 1;
      if (depth === 0 && index > open + 1) found = { open, close: index };
    }
  }
  return found;
}

function splitAtCommas(inner: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { character, index } of codeOf(inner)) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    else if (character === ',' && depth === 0) {
      items.push(inner.slice(from, index).trim());
      from = index + 1;
    }
  }
  const last = inner.slice(from).trim();
  return last === '' ? items : [...items, last];
}

/** The characters that are not inside a string literal. */
function* codeOf(text: string): Generator<{ character: string; index: number }> {
  let quote: string | null = null;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? '';
    if (quote !== null) {
      if (character === '\\') index += 1;
      else if (character === quote) quote = null;
    } else if (character === '"' || character === "'") quote = character;
    else yield { character, index };
  }
}
