/** When an OpenAI-compatible server wants us back: three headers and two ways of saying it in words. */

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1m26.4s`, `250ms`, `20` (seconds); null if it is no duration. */
export function durationMs(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.ceil(Number(trimmed) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) return null;
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * (units[unit ?? ''] ?? 0);
  return Math.ceil(total);
}

/** Seconds or an HTTP date. */
function retryAfterHeader(text: string | null, now: number): number | null {
  if (text === null) return null;
  const duration = durationMs(text);
  if (duration !== null) return duration;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/**
 * Milliseconds from now, or null if the server does not say. A limit's reset counts only where that limit is used up:
 * a server names the resets of all its limits with every answer.
 */
export function retryAfterMs(headers: Headers, message: string, now: number): number | null {
  const exact = durationMs(`${headers.get('retry-after-ms') ?? ''}ms`);
  if (exact !== null) return exact;
  const said = retryAfterHeader(headers.get('retry-after'), now);
  if (said !== null) return said;
  const inWords = /(?:try again|retry|wait)\D{0,12}?((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)\b/i.exec(message)?.[1];
  if (inWords !== undefined) return durationMs(inWords);
  const inSeconds = /(?:try again|retry|wait)\D{0,20}?(\d+(?:\.\d+)?) ?sec/i.exec(message)?.[1];
  if (inSeconds !== undefined) return durationMs(inSeconds);
  const resets = ['requests', 'tokens']
    .filter((limit) => headers.get(`x-ratelimit-remaining-${limit}`) === '0')
    .map((limit) => durationMs(headers.get(`x-ratelimit-reset-${limit}`) ?? ''))
    .filter((ms) => ms !== null);
  return resets.length === 0 ? null : Math.max(...resets);
}
