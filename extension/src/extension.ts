/** Entry point of the extension: registers what VS Code asks for, and starts nothing. */
import * as vscode from 'vscode';

/** No runs, workers or tasks are known before a server is connected: the views show their welcome text. */
const nothing: vscode.TreeDataProvider<never> = {
  getChildren: () => [],
  getTreeItem: (element) => element,
};

export function activate(context: vscode.ExtensionContext): void {
  for (const id of ['aira2.runs', 'aira2.workers', 'aira2.tasks'])
    context.subscriptions.push(vscode.window.registerTreeDataProvider(id, nothing));
}
