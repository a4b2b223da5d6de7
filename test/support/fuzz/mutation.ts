/** Seeded damage to texts, bytes and JSON values: what a broken, confused or hostile sender may make of them. */
import type { SeededRandom } from '../seededRandom.ts';

/** Damaged texts stay shorter than this: what is large is tried on purpose, elsewhere. */
const mostCharacters = 64 * 1024;

const oddCharacters = ['\0', '\u0001', '\t', '\r', '\n', '"', '\\', "'", '{', '}', '[', ']', ',', ':', '#', '&', '*'];
const oddUnicode = ['\u2028', '\ufeff', '\ud800', '\udfff', '🙂', 'ß', '\u202e', '\u0000', '￿', '０'];

/** @param tokens words that mean something where the text is read */
export function damagedText(text: string, random: SeededRandom, tokens: readonly string[] = []): string {
  let result = text;
  for (let count = random.between(1, 4); count > 0; count -= 1) result = oneDamage(result, random, tokens);
  return result.slice(0, mostCharacters);
}

function oneDamage(text: string, random: SeededRandom, tokens: readonly string[]): string {
  const at = random.between(0, text.length);
  const to = Math.min(text.length, at + random.between(1, random.chance(0.2) ? 400 : 12));
  const piece = text.slice(at, to);
  const odd = () => random.pick(random.chance(0.7) ? oddCharacters : oddUnicode);
  switch (random.between(0, 7)) {
    case 0:
      return text.slice(0, at) + text.slice(to);
    case 1:
      return text.slice(0, to) + piece.repeat(random.between(1, random.chance(0.05) ? 500 : 3)) + text.slice(to);
    case 2: {
      const other = random.between(0, text.length);
      return text.slice(0, at) + text.slice(other, other + piece.length) + text.slice(to);
    }
    case 3:
      return text.slice(0, at) + odd() + text.slice(at + 1);
    case 4:
      return text.slice(0, at) + odd() + text.slice(at);
    case 5:
      return random.chance(0.3) ? text.slice(0, at) : text.slice(0, at) + piece.toUpperCase() + text.slice(to);
    case 6: {
      const lines = text.split('\n');
      const line = random.between(0, lines.length - 1);
      const moved = random.chance(0.5) ? lines.splice(line, 1) : [lines[line] ?? ''];
      lines.splice(random.between(0, lines.length), 0, ...moved);
      return lines.join('\n');
    }
    default:
      return (
        text.slice(0, at) +
        (tokens.length === 0 ? odd() : random.pick(tokens)) +
        text.slice(random.chance(0.5) ? at : to)
      );
  }
}

export function damagedBytes(bytes: Uint8Array, random: SeededRandom): Buffer {
  let result = Buffer.from(bytes);
  for (let count = random.between(1, 6); count > 0 && result.length > 0; count -= 1) {
    const at = random.between(0, result.length - 1);
    switch (random.between(0, 3)) {
      case 0:
        result[at] = random.between(0, 255);
        break;
      case 1:
        result[at] = (result[at] ?? 0) ^ (1 << random.between(0, 7));
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + random.between(1, 40))]);
        break;
      default:
        result = Buffer.concat([result.subarray(0, at), noise(random, random.between(1, 40)), result.subarray(at)]);
    }
  }
  return result;
}

export function noise(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.between(0, 255)));
}

/** A JSON text as deep as nothing that is meant. */
export function deepText(random: SeededRandom, depth: number): string {
  return random.chance(0.5)
    ? '['.repeat(depth) + ']'.repeat(depth)
    : `${'{"a":'.repeat(depth)}null${'}'.repeat(depth)}`;
}

const oddKeys = ['__proto__', 'constructor', 'toString', '', 'length', '0', 'a.b', '\u0000', '$ref', 'then'];

/** A JSON value that fits few places. */
export function oddValue(random: SeededRandom): unknown {
  return random.pick<() => unknown>([
    () => null,
    () => random.chance(0.5),
    () => random.pick([0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324, 1e21]),
    () => random.pick(['', ' ', '0', 'null', 'NaN', '-', '../../etc/passwd', '\u0000', '\ud800', '🙂'.repeat(20)]),
    () => 'x'.repeat(random.between(100, random.chance(0.05) ? 100_000 : 2000)),
    () => [],
    () => ({}),
    () => ({ [random.pick(oddKeys)]: null }),
    () => [[[[[]]]]],
    () => Array.from({ length: random.between(1, 300) }, () => 0),
  ])();
}

/** A copy in which one to three places hold something else, nothing, or too much. JSON values only. */
export function damagedValue(value: unknown, random: SeededRandom): unknown {
  let result: unknown = structuredClone(value);
  for (let count = random.between(1, 3); count > 0; count -= 1) result = damageSomewhere(result, random);
  return result;
}

function damageSomewhere(value: unknown, random: SeededRandom): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.15)) return damageHere(value, random);
  if (Array.isArray(value)) {
    if (value.length === 0 || random.chance(0.2)) return damageHere(value, random);
    const index = random.between(0, value.length - 1);
    return value.map((item: unknown, at) => (at === index ? damageSomewhere(item, random) : item));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return damageHere(value, random);
  const index = random.between(0, entries.length - 1);
  const [key, inner] = entries[index] ?? ['', null];
  switch (random.between(0, 7)) {
    case 0:
      return fromEntries(entries.filter((_, at) => at !== index));
    case 1:
      return fromEntries(entries.map((entry, at) => (at === index ? [random.pick(oddKeys), inner] : entry)));
    case 2:
      return fromEntries([...entries, [random.pick([...oddKeys, key]), oddValue(random)]]);
    default:
      return fromEntries(entries.map((entry, at) => (at === index ? [key, damageSomewhere(inner, random)] : entry)));
  }
}

function damageHere(value: unknown, random: SeededRandom): unknown {
  if (typeof value === 'string' && random.chance(0.5)) return damagedText(value, random);
  if (typeof value === 'number' && random.chance(0.5)) return value * random.pick([-1, 0, 0.5, 1e9, 1e300]);
  if (Array.isArray(value) && random.chance(0.5)) return [...value, ...value, oddValue(random)];
  return random.chance(0.1) ? [value] : oddValue(random);
}

/** Keys such as `__proto__` become properties like any other, as JSON.parse makes them. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of entries)
    Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true });
  return result;
}
