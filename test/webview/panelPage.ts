/**
 * A panel in a bare browser: its bundle, a page as strict as VS Code's, a host that keeps what the panel says, and the colours
 * of the four kinds of theme, as VS Code 1.139 hands them to webviews (themes.json).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import axe from 'axe-core';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { LinkMessage, PanelKind } from '../../protocol/panels.ts';
import { ensureChromium } from '../../scripts/setup/chromium.ts';
import { projectRoot } from '../../scripts/setup/environment.ts';

export const themes = ['dark', 'light', 'high-contrast', 'high-contrast-light'] as const;
export type Theme = (typeof themes)[number];

export const connected: LinkMessage = { type: 'link', state: 'connected', host: 'gpu-box' };

const origin = 'https://panel.test';

/** How long anything may take that a person would call immediate, on a machine that does other things too, milliseconds. */
const patienceMs = 60_000;
const policy =
  "default-src 'none'; script-src 'nonce-panel'; style-src 'nonce-panel'; img-src 'none'; font-src 'none'; connect-src 'none'";

/** What VS Code's sheet says beside the colours, as far as it reaches panels. */
const fonts = {
  'font-family': 'system-ui, "Ubuntu", "Droid Sans", sans-serif',
  'font-size': '13px',
  'font-weight': 'normal',
  'editor-font-family': '"Droid Sans Mono", "monospace", monospace',
  'editor-font-size': '14px',
  'editor-font-weight': 'normal',
};

declare global {
  interface Window {
    /** What the panel has posted, and what it keeps. */
    posted: PanelMessage[];
    /** Reaches `PanelOptions.host`. */
    answerPanel?: (message: PanelMessage) => Promise<object[]>;
    kept: unknown;
    /** What the page did that its policy forbids, and what hostile text has reached. */
    violations: string[];
    reached: string[];
  }
}

let browser: Promise<Browser> | null = null;

/** One browser for a test file. Close it with `closeBrowser` in an `after`. */
async function sharedBrowser(): Promise<Browser> {
  browser ??= ensureChromium(() => undefined).then((executablePath) =>
    chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] }),
  );
  return browser;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = null;
}

const bundles = new Map<string, Promise<string>>();

/** The panel's script, as it is shipped but for being in one piece. @param entry below `webview/` or `test/webview/` */
function bundled(entry: string): Promise<string> {
  const made =
    bundles.get(entry) ??
    build({
      entryPoints: [join(projectRoot, entry)],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2023',
      loader: { '.css': 'text', '.svg': 'text' },
      define: { 'process.env.NODE_ENV': '"production"' },
      write: false,
      logLevel: 'error',
    }).then(({ outputFiles }) => outputFiles[0]?.text ?? '');
  bundles.set(entry, made);
  return made;
}

async function pageFor(theme: Theme, language: Record<string, string>): Promise<string> {
  const colors: Record<Theme, Record<string, string>> = JSON.parse(
    await readFile(join(projectRoot, 'test/webview/themes.json'), 'utf8'),
  );
  const variables = Object.entries({ ...fonts, ...colors[theme] }).map(
    ([name, value]) => `--vscode-${name}: ${value};`,
  );
  const classes =
    theme === 'high-contrast-light' ? 'vscode-high-contrast vscode-high-contrast-light' : `vscode-${theme}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>AIRA2</title>
<meta http-equiv="Content-Security-Policy" content="${policy}">
<style nonce="panel">html { ${variables.join(' ')} } body { padding: 0 20px; color: var(--vscode-editor-foreground); }</style>
<script nonce="panel">
window.posted = []; window.violations = []; window.reached = [];
addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective + ' ' + e.sourceFile + ':' + e.lineNumber + ' ' + e.sample));
let acquired = false;
window.acquireVsCodeApi = () => {
  if (acquired) throw new Error('acquired twice');
  acquired = true;
  return { postMessage: (m) => { posted.push(structuredClone(m)); window.answerPanel?.(m).then((a) => a.forEach((n) => window.postMessage(n, origin))); }, getState: () => window.kept, setState: (s) => { window.kept = s; } };
};
</script></head><body class="${classes}">
<script type="application/json" id="strings">${JSON.stringify(language).replaceAll('<', '\\u003c')}</script>
<script type="module" nonce="panel" src="/panel.js"></script></body></html>`;
}

export interface PanelOptions {
  theme?: Theme;
  width?: number;
  height?: number;
  language?: Record<string, string>;
  reducedMotion?: boolean;
  /** What the extension host answers to a message of the panel, at once. */
  host?: (message: PanelMessage) => object[];
}

export interface PanelMessage {
  type: string;
  [field: string]: unknown;
}

export interface OpenPanel extends AsyncDisposable {
  page: Page;
  /** Errors of the page, as they came. */
  errors: string[];
  /** As the extension host sends it. */
  send(...messages: object[]): Promise<void>;
  /** What the panel has said since the last call. */
  said(): Promise<PanelMessage[]>;
  /** Waits until the panel says something of this type; all that it said until then is taken. */
  says(type: string): Promise<PanelMessage>;
}

/** Opens a panel that has said `ready` and been told that it is connected. */
export async function openPanel(kind: PanelKind, options: PanelOptions = {}): Promise<OpenPanel> {
  const panel = await openPage(`webview/${kind}/main.ts`, options);
  await panel.says('ready');
  await panel.send(connected);
  return panel;
}

/** Opens any script that is built for the browser in such a page. */
export async function openPage(
  entry: string,
  { theme = 'dark', width = 1000, height = 760, language = {}, reducedMotion = false, host }: PanelOptions = {},
): Promise<OpenPanel> {
  const [script, markup, shared] = await Promise.all([bundled(entry), pageFor(theme, language), sharedBrowser()]);
  const context = await shared.newContext({
    viewport: { width, height },
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.route('**/*', (route) => {
    const isScript = route.request().url() === `${origin}/panel.js`;
    const isPage = route.request().url() === `${origin}/`;
    if (isScript) return route.fulfill({ contentType: 'text/javascript', body: script });
    return isPage ? route.fulfill({ contentType: 'text/html', body: markup }) : route.abort();
  });
  if (host !== undefined) await page.exposeFunction('answerPanel', host);
  await page.goto(`${origin}/`);

  const said = () => page.evaluate(() => window.posted.splice(0));
  return {
    page,
    errors,
    send: (...messages) =>
      page.evaluate((sent) => {
        for (const message of sent) window.postMessage(message, window.origin);
      }, messages),
    said,
    says: async (type) => {
      for (const deadline = Date.now() + patienceMs; Date.now() < deadline; ) {
        const found = (await said()).find((message) => message.type === type);
        if (found !== undefined) return found;
        await page.waitForTimeout(20);
      }
      throw new Error(`the panel did not say ${type}; errors: ${errors.join('; ') || 'none'}`);
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Findings of axe that are serious or critical, in a line each. None is the bar. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const run: (root: Document) => Promise<axe.AxeResults> = Reflect.get(window, 'axe').run;
    const { violations } = await run(document);
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
}

/** What frames cost, in milliseconds. */
export interface FrameCosts {
  /** What the page's main thread computed for each, which a loud machine hardly changes. */
  cpu: number;
  /** What a person would have waited: the middle one, and the slowest twentieth. */
  median: number;
  p95: number;
}

/** Measures what `work` makes of so many frames; it resolves to the milliseconds that each took. */
export async function frameCosts(page: Page, work: () => Promise<number[]>): Promise<FrameCosts> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  };
  const before = await busy();
  const times = (await work()).sort((a, b) => a - b);
  const cpu = ((await busy()) - before) / times.length;
  await devtools.detach();
  return { cpu, median: times[times.length >> 1] ?? 0, p95: times[Math.floor(times.length * 0.95)] ?? 0 };
}

/** Looks again and again until something holds; its last answer is told when it never does. */
export async function until<Value>(
  look: () => Promise<Value>,
  holds: (value: Value) => boolean,
  what: string,
): Promise<Value> {
  let last: Value | undefined;
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(50)) {
    last = await look();
    if (holds(last)) return last;
  }
  throw new Error(`${what}: it never came to that; the last was ${JSON.stringify(last)}`);
}
