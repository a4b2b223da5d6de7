/**
 * How alike two programs are: the share of runs of five tokens ("shingles") that both have, of those that either has (Broder
 * 1997). A sketch of 64 minima estimates it, so that one program can be held against ten thousand in no time.
 */

export const shingleLength = 5;
const bins = 64;
const empty = 0xffffffff;

/** Hashes of all runs of five tokens; of a shorter row, of the whole row. */
export function shinglesOf(tokens: readonly string[]): Set<number> {
  const hashes = tokens.map(hashOf);
  const found = new Set<number>();
  const length = Math.min(shingleLength, hashes.length);
  for (let start = 0; start + length <= hashes.length; start += 1) {
    let hash = 0;
    for (let place = start; place < start + length; place += 1)
      hash = mixed(Math.imul(hash, 31) + (hashes[place] ?? 0));
    found.add(hash);
    if (length === 0) break;
  }
  return found;
}

/** Jaccard similarity: 1 for the same shingles, 0 for none in common. */
export function similarity(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let both = 0;
  for (const shingle of small) if (large.has(shingle)) both += 1;
  return both / (a.size + b.size - both);
}

/** The least shingle of each of 64 equal ranges of hashes (one-permutation MinHash, Li et al. 2012). */
export function sketchOf(shingles: ReadonlySet<number>): Uint32Array {
  const sketch = new Uint32Array(bins).fill(empty);
  for (const shingle of shingles) {
    const bin = shingle >>> 26;
    if (shingle < (sketch[bin] ?? 0)) sketch[bin] = shingle;
  }
  return sketch;
}

/**
 * Estimate of the similarity, with a standard error of at most 0.06, and of 0.02 near 1.
 * @param atLeast an estimate that is certain to be lower is given up early, as 0
 */
export function estimatedSimilarity(a: Uint32Array, b: Uint32Array, offset = 0, atLeast = 0): number {
  const mostOther = (1 - atLeast) * bins;
  let same = 0;
  let other = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const left = a[bin];
    if (left !== b[offset + bin]) {
      other += 1;
      if (other > mostOther) return 0;
    } else if (left !== empty) same += 1;
  }
  return same + other === 0 ? 0 : same / (same + other);
}

export const sketchLength = bins;

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** Spreads the bits of a hash over all 32 (the finalizer of MurmurHash3). */
function mixed(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
