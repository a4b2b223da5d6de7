/** Round places on axes, and their labels. */

export interface Tick {
  position: number;
  label: string;
}

/** 1, 2 or 5 times a power of ten: the smallest that leaves at most `count` steps in `span`. */
export function niceStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

/** As many decimals as tell neighbouring ticks apart; scientific where that would be unreadable. */
export function tickLabel(value: number, step: number): string {
  const clean = Math.abs(value) < step / 1e6 ? 0 : value;
  const size = Math.max(Math.abs(clean), step);
  if (size >= 1e6 || (size < 1e-3 && size > 0)) return scientific(clean, step);
  return clean.toFixed(Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9))));
}

function scientific(value: number, step: number): string {
  if (value === 0) return '0';
  const digits = Math.floor(Math.log10(Math.abs(value))) - Math.floor(Math.log10(step) + 1e-9);
  return value.toExponential(Math.max(0, Math.min(12, digits))).replace('e+', 'e');
}

export function linearTicks(low: number, high: number, count: number): Tick[] {
  if (!(high > low) || !Number.isFinite(high - low)) return [];
  const step = niceStep(high - low, count);
  const ticks: Tick[] = [];
  // By multiples, not by adding up: 0.1 + 0.1 + 0.1 would label itself 0.30000000000000004.
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && ticks.length <= 2 * count + 2; i += 1)
    ticks.push({ position: i * step, label: minus(tickLabel(i * step, step)) });
  return ticks;
}

/** 1, 2, 5 times powers of ten, thinned to powers where these are many; linear ticks within less than a decade; 0 between signs. */
export function logTicks(low: number, high: number, count: number): Tick[] {
  if (!(high > low) || !Number.isFinite(high - low)) return [];
  if (low > 0 && high / low < 10) return linearTicks(low, high, count);
  const positive = high > 0 ? decades(Math.max(low, high / 1e9, Number.MIN_VALUE), high, count) : [];
  const negative =
    low < 0 ? decades(Math.max(-high, -low / 1e9, Number.MIN_VALUE), -low, count).map((value) => -value) : [];
  const zero = low <= 0 && high >= 0 ? [0] : [];
  return [...negative.reverse(), ...zero, ...positive].map((position) => ({
    position,
    label: minus(plainNumber(position)),
  }));
}

function decades(low: number, high: number, count: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, count)));
  const factors = (last - first) * 3 <= count * 1.5 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let power = first; power <= last; power += every)
    for (const factor of factors) values.push(factor * 10 ** power);
  return values.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
}

function plainNumber(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  return size >= 1e6 || size < 1e-3 ? value.toExponential().replace('e+', 'e') : String(Number(value.toPrecision(6)));
}

function minus(label: string): string {
  return label.replaceAll('-', '−');
}

const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000,
  864_000,
].map((seconds) => seconds * 1000);

/** Ticks of a span of time in milliseconds: `0`, `30 s`, `5 min`, `1 h 30`, `2 d`. */
export function durationTicks(low: number, high: number, count: number): Tick[] {
  if (!(high > low)) return [];
  const rough = (high - low) / Math.max(1, count);
  const largest = timeSteps.at(-1) ?? rough;
  const step = timeSteps.find((candidate) => candidate >= rough) ?? niceStep(high - low, count * largest) * largest;
  const ticks: Tick[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && ticks.length <= 2 * count + 2; i += 1)
    ticks.push({ position: i * step, label: durationLabel(i * step) });
  return ticks;
}

/** Short enough for an axis. */
export function durationLabel(ms: number): string {
  if (ms < 0) return `−${durationLabel(-ms)}`;
  const s = Math.round(ms / 1000);
  if (s === 0) return '0';
  const [d, h, min, rest] = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60];
  if (d > 0) return h === 0 ? `${d} d` : `${d} d ${h} h`;
  if (h > 0) return min === 0 ? `${h} h` : `${h} h ${String(min).padStart(2, '0')}`;
  if (min > 0) return rest === 0 ? `${min} min` : `${min} min ${String(rest).padStart(2, '0')}`;
  return `${rest} s`;
}
