/** Keeps secrets out of every message, log line and error that leaves the provider layer. */

export type Redact = (text: string) => string;

const hidden = '[secret]';
/** Shorter values would also match ordinary words. */
const shortestSecret = 6;
/** The form of Google's API keys: caught even where the key is not one of ours. */
const googleKey = /\bAIza[0-9A-Za-z_-]{30,45}/g;

/** A secret in the forms in which it may come back: as it is, in a URL, in JSON, in base64. */
function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64, base64.replace(/=+$/, '')];
}

/**
 * @param secrets exact values; empty and very short ones are ignored
 * @returns a function that replaces each of them, in any usual encoding, with `[secret]`
 */
export function redactor(secrets: readonly string[]): Redact {
  const forms = secrets.filter((secret) => secret.length >= shortestSecret).flatMap(formsOf);
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) =>
    longestFirst.reduce((redacted, form) => redacted.replaceAll(form, hidden), text).replace(googleKey, hidden);
}

/** An error with the same name, message, stack and code, all redacted: fit to stand as a cause in a log. */
export function redactedError(error: unknown, redact: Redact): Error {
  if (!(error instanceof Error)) return new Error(redact(String(error)));
  const copy = new Error(redact(error.message));
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = redact(error.stack);
  return copy;
}
