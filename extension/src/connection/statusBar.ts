/** The one item in the status bar, and what the Runs view says above its rows. */
import * as vscode from 'vscode';
import { commandId } from '../ids.ts';
import { l10n } from '../localisation.ts';
import type { RunList } from '../runs/runList.ts';
import type { Connection } from './connection.ts';
import { statusText } from './statusText.ts';

/** Summaries change twice a second for each run. */
const settleMs = 300;

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('aira2.status', vscode.StatusBarAlignment.Left, 20);
  readonly #connection: Connection;
  readonly #runs: RunList;
  readonly #subscriptions: { dispose(): void }[];
  #timer: NodeJS.Timeout | null = null;

  constructor(connection: Connection, runs: RunList) {
    this.#connection = connection;
    this.#runs = runs;
    this.#item.name = l10n.t('AIRA2: runs and the agent server');
    this.#subscriptions = [connection.onLink(() => this.#draw()), runs.onChange(() => this.#soon())];
    this.#draw();
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item.dispose();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#draw();
    }, settleMs);
  }

  #draw(): void {
    const { link, machine, isLocal } = this.#connection;
    const status = statusText(link, machine, isLocal, this.#runs.all());
    if (status === null) {
      this.#item.hide();
      return;
    }
    const item = this.#item;
    item.text = status.text;
    item.tooltip = new vscode.MarkdownString(status.tooltip);
    item.accessibilityInformation = { label: status.text.replaceAll(/\$\([^)]*\)/g, '').trim(), role: 'button' };
    item.command = commandId(link.kind === 'failed' ? 'retryConnection' : 'showMenu');
    item.backgroundColor =
      status.severity === 'ok' ? undefined : new vscode.ThemeColor(`statusBarItem.${status.severity}Background`);
    item.show();
  }
}
