/**
 * One webview panel: its page, what it may say, and when it is listened to. VS Code throws the page of a hidden panel away and
 * makes it again when it is shown; the page then asks anew, and is told everything from the start.
 */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type * as z from 'zod';
import type { LinkMessage, PanelKind } from '../../../protocol/panels.ts';
import { panelHtml } from './panelHtml.ts';

export interface PanelFrameOptions<In> {
  panel: vscode.WebviewPanel;
  kind: PanelKind;
  extensionUri: vscode.Uri;
  schema: z.ZodType<In>;
  receive: (message: In) => void;
  /** The panel is shown again, or hidden. */
  visibility: (isVisible: boolean) => void;
  closed: () => void;
  warn: (message: string) => void;
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

export class PanelFrame<In, Out extends { type: string }> {
  readonly #panel: vscode.WebviewPanel;
  readonly #subscriptions: vscode.Disposable[];
  #isReady = false;

  constructor(options: PanelFrameOptions<In>) {
    const { panel, kind, extensionUri, schema, receive, visibility, closed, warn } = options;
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
        receive(message.data);
      }),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
        visibility(panel.visible);
      }),
      panel.onDidDispose(() => {
        for (const subscription of this.#subscriptions) subscription.dispose();
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

  get isActive(): boolean {
    return this.#panel.active;
  }

  set title(title: string) {
    this.#panel.title = title;
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
}

/** Translations of messages without a comment of their own. */
function stringsOf(bundle: typeof vscode.l10n.bundle): Record<string, string> {
  const strings: Record<string, string> = {};
  for (const [key, value] of Object.entries(bundle ?? {}))
    strings[key] = typeof value === 'string' ? value : String(Reflect.get(Object(value), 'message') ?? key);
  return strings;
}
