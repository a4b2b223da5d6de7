/**
 * Words in the person's language. The English text is the key, as in `vscode.l10n.t`. The host puts its bundle into the page
 * as `<script type="application/json" id="strings">{"English": "other language"}</script>`: data, which no CSP forbids.
 */
let bundle: Readonly<Record<string, string>> | undefined;

function isBundle(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((message) => typeof message === 'string')
  );
}

function strings(): Readonly<Record<string, string>> {
  if (bundle !== undefined) return bundle;
  bundle = {};
  const source = document.getElementById('strings')?.textContent;
  if (source === null || source === undefined || source.trim() === '') return bundle;
  const parsed: unknown = JSON.parse(source);
  if (isBundle(parsed)) bundle = parsed;
  return bundle;
}

/** @example t('Step {0} of {1}', 3, 20) */
export function t(message: string, ...values: (string | number)[]): string {
  return (strings()[message] ?? message).replaceAll(/\{(\d+)\}/g, (whole, index) =>
    String(values[Number(index)] ?? whole),
  );
}
