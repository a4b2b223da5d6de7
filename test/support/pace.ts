/**
 * How slow this machine is just now. Bars on the clock are set on one that does nothing else; others have to meet them, too,
 * at their own pace.
 */

const rounds = 300;
/**
 * Processor time of the work below on the machine on which the bars were set (two cores of an AMD EPYC at 2.6 GHz, Node 24),
 * milliseconds: the least of sixty calls in a row, after two that are not counted. Its clock time there, with nothing else
 * running, is the same.
 */
const referenceMs = 170;

/** Objects, strings and a sort, as most of what programs here do. */
function work(): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    const rows = Array.from({ length: 2_000 }, (_, row) => ({ id: (row * 7919) % 2_003, name: `row ${row}` }));
    const copy: typeof rows = JSON.parse(JSON.stringify(rows));
    copy.sort((a, b) => a.id - b.id);
    sum += copy[round]?.name.length ?? 0;
  }
  return sum;
}

let isWarm = false;

/**
 * How many times as long as on the reference machine fixed work takes here, by the clock: 1 there and on faster ones, 3 on one
 * that is three times as slow, or where two others want the processor as well. Takes a fifth of a second, times that.
 */
export function pace(): number {
  // The first time it is compiled on the way.
  if (!isWarm) work();
  isWarm = true;
  const began = performance.now();
  work();
  return Math.max(1, (performance.now() - began) / referenceMs);
}
