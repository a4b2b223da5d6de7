/** Texts that are shown and not edited: reports, logs, task descriptions, what the doctor found. */
import * as vscode from 'vscode';
import { documentScheme } from '../ids.ts';

/** So many are kept; the oldest give way, and say so where they are still open. */
const kept = 50;

export class TextDocuments implements vscode.Disposable {
  readonly #texts = new Map<string, string>();

  text(uri: vscode.Uri): string {
    return this.#texts.get(uri.path) ?? '';
  }

  /** @param name as it stands on the tab, with its ending */
  async show(name: string, text: string, how: 'source' | 'preview'): Promise<void> {
    const uri = this.#put(name, text);
    if (how === 'preview') await vscode.commands.executeCommand('markdown.showPreview', uri);
    else await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  dispose(): void {
    this.#texts.clear();
  }

  /** A text of the same name and content is the same document. */
  #put(name: string, text: string): vscode.Uri {
    let number = 1;
    let path = `/${name}`;
    while (this.#texts.has(path) && this.#texts.get(path) !== text) {
      number += 1;
      path = `/${number}/${name}`;
    }
    this.#texts.set(path, text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > kept && oldest !== undefined) this.#texts.delete(oldest);
    return vscode.Uri.from({ scheme: documentScheme, path });
  }
}
