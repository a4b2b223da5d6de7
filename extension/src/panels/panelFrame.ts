/**
 * One webview panel: its page, what it may say, when it is listened to, and when it is told everything from the start. VS Code
 * throws the page of a hidden panel away and makes it again when it is shown; the page then says that it is ready, anew.
 */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type * as z from 'zod';
import type { LinkMessage, PanelKind } from '../../../protocol/panels.ts';
import { panelHtml } from './panelHtml.ts';

export interface PanelWindow {
  extensionUri: vscode.Uri;
  /** How the connection stands. */
  link: () => LinkMessage;
  warn: (message: string) => void;
}

export interface PanelFrameOptions<In> extends PanelWindow {
  panel: vscode.WebviewPanel;
  kind: PanelKind;
  schema: z.ZodType<In>;
  /** Everything but that the page is ready. */
  receive: (message: Exclude<In, { type: 'ready' }>) => void;
  /**
   * Has the page told everything, with `reset`. An answer that comes when it `isWanted` no more is dropped: the panel shows
   * something else, or is filled anew.
   */
  fill: (isWanted: () => boolean) => void;
  /** The panel is shown again, or hidden. */
  visibility: (isVisible: boolean) => void;
  closed: () => void;
}

/** Where the built pages lie, within the extension. */
const pages = ['dist', 'webview'] as const;

export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return {
    enableScripts: true,
    enableCommandUris: false,
    localResourceRoots: [vscode.Uri.joinPath(extensionUri, ...pages)],
  };
}

export class PanelFrame<In extends { type: string }, Out extends { type: string }> {
  readonly #options: PanelFrameOptions<In>;
  readonly #panel: vscode.WebviewPanel;
  readonly #subscriptions: vscode.Disposable[];
  #isReady = false;
  #isFilled = false;
  /** Counts how often the panel was filled. */
  #turn = 0;

  constructor(options: PanelFrameOptions<In>) {
    const { panel, kind, extensionUri, schema, visibility, closed, warn } = options;
    this.#options = options;
    this.#panel = panel;
    panel.webview.options = webviewOptions(extensionUri);
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'aira2.svg');
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((raw: unknown) => {
        const message = schema.safeParse(raw);
        if (!message.success) {
          // Model output is shown in there: whatever does not fit is not acted upon.
          warn(`a message of the ${kind} panel was dropped: ${message.error.issues[0]?.message ?? 'malformed'}`);
          return;
        }
        this.#isReady = true;
        this.#receive(message.data);
      }),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = this.#isFilled = false;
        visibility(panel.visible);
      }),
      panel.onDidDispose(() => {
        for (const subscription of this.#subscriptions) subscription.dispose();
        this.#turn += 1;
        closed();
      }),
    ];
    panel.webview.html = panelHtml({
      title: panel.title,
      script: panel.webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, ...pages, `${kind}.js`)).toString(),
      source: panel.webview.cspSource,
      nonce: randomBytes(18).toString('base64url'),
      language: vscode.env.language,
      strings: stringsOf(vscode.l10n.bundle),
    });
  }

  /** A panel that cannot be seen is told nothing: it begins from the start when it is shown. */
  get isListening(): boolean {
    return this.#isReady && this.#panel.visible;
  }

  /** The page has been told everything: it wants to hear what changes. */
  get isFilled(): boolean {
    return this.#isFilled;
  }

  get isActive(): boolean {
    return this.#panel.active;
  }

  set title(title: string) {
    this.#panel.title = title;
  }

  /** Tells the page everything from the start, if there is one. */
  fill(): void {
    this.#turn += 1;
    this.#isFilled = false;
    if (this.isListening) this.#options.fill(this.whileShown());
  }

  /** The answer to `fill`. */
  reset(message: Extract<Out, { type: 'reset' }>): void {
    this.#isFilled = this.isListening;
    this.post(message);
  }

  /** Whether the panel shows the same as now, and has not been filled anew. */
  whileShown(): () => boolean {
    const turn = this.#turn;
    return () => turn === this.#turn;
  }

  /** How the connection stands has changed. */
  linkChanged(): void {
    const message = this.#options.link();
    this.post(message);
    if (message.state === 'connected' && !this.#isFilled) this.fill();
  }

  post(message: Out | LinkMessage): void {
    if (this.isListening) void this.#panel.webview.postMessage(message);
  }

  reveal(preserveFocus: boolean): void {
    this.#panel.reveal(undefined, preserveFocus);
  }

  close(): void {
    this.#panel.dispose();
  }

  #receive(message: In): void {
    if (isReady(message)) {
      this.post(this.#options.link());
      this.fill();
    } else this.#options.receive(message as Exclude<In, { type: 'ready' }>);
  }
}

function isReady(message: { type: string }): message is { type: 'ready' } {
  return message.type === 'ready';
}

/** Translations of messages without a comment of their own. */
function stringsOf(bundle: typeof vscode.l10n.bundle): Record<string, string> {
  const strings: Record<string, string> = {};
  for (const [key, value] of Object.entries(bundle ?? {}))
    strings[key] = typeof value === 'string' ? value : String(Reflect.get(Object(value), 'message') ?? key);
  return strings;
}
