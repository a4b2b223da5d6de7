/** The page of a panel: one script, no inline style, nothing from elsewhere. Everything in it arrives as messages. */

export interface PanelPage {
  title: string;
  /** Address of the panel's script within the webview. */
  script: string;
  /** Where the webview's own files come from (`Webview.cspSource`). */
  source: string;
  nonce: string;
  language: string;
  /** English to the editor's language. */
  strings: Readonly<Record<string, string>>;
}

export function panelHtml({ title, script, source, nonce, language, strings }: PanelPage): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source}`,
    `font-src ${source}`,
    `img-src ${source}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<script type="application/json" id="strings">${jsonInHtml(strings)}</script>
<script type="module" nonce="${escapeHtml(nonce)}" src="${escapeHtml(script)}"></script>
</head>
<body></body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** JSON that cannot end the element that it stands in. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
