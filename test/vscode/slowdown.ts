/** How much longer work takes here than it would if nothing else ran. */
const spinMs = 300;

/** Clock time over processor time of some plain work: 1 on a machine at rest, 3 where two others want the processor as well. */
export function slowdown(): number {
  const before = process.cpuUsage();
  const began = performance.now();
  let usedMs = 0;
  while (usedMs < spinMs) {
    const { user, system } = process.cpuUsage(before);
    usedMs = (user + system) / 1000;
  }
  return Math.max(1, (performance.now() - began) / usedMs);
}
