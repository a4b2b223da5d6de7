/**
 * Entry point of the extension: registers what VS Code may ask for, and starts nothing. Whatever has work to do is loaded
 * when it is first asked: this file imports names, not features.
 */
import * as vscode from 'vscode';
import type { App, Views } from './app.ts';
import {
  commandId,
  commandNames,
  documentScheme,
  languageModelTools,
  panelViewTypes,
  programScheme,
  View,
} from './ids.ts';
import { LazyFileSystem } from './program/lazyFileSystem.ts';
import type { RunsNode } from './runs/runsTree.ts';
import type { TasksNode } from './tasks/tasksTree.ts';
import { LazyTree } from './views/lazyTree.ts';
import type { WorkersNode } from './workers/workersTree.ts';

export function activate(context: vscode.ExtensionContext): void {
  let app: Promise<App> | null = null;
  const load = (): Promise<App> => {
    app ??= import('./app.ts').then(({ App }) => new App(context, views));
    return app;
  };
  const own = <T extends vscode.Disposable>(disposable: T): T => {
    context.subscriptions.push(disposable);
    return disposable;
  };
  own({ dispose: () => app?.then((loaded) => loaded.dispose()) });

  for (const name of commandNames)
    own(
      vscode.commands.registerCommand(commandId(name), async (...args: unknown[]) =>
        (await load()).runCommand(name, args),
      ),
    );

  const runs = own(new LazyTree<RunsNode>(async () => (await load()).runsView));
  const workers = own(new LazyTree<WorkersNode>(async () => (await load()).workersView));
  const tasks = own(new LazyTree<TasksNode>(async () => (await load()).tasksView));
  const views: Views = {
    runs: own(
      vscode.window.createTreeView(View.runs, { treeDataProvider: runs, canSelectMany: true, showCollapseAll: true }),
    ),
    workers: own(vscode.window.createTreeView(View.workers, { treeDataProvider: workers })),
    tasks: own(vscode.window.createTreeView(View.tasks, { treeDataProvider: tasks })),
  };

  for (const viewType of Object.values(panelViewTypes))
    own(
      vscode.window.registerWebviewPanelSerializer(viewType, {
        deserializeWebviewPanel: async (panel, state: unknown) => (await load()).panels.restore(panel, state),
      }),
    );
  own(
    vscode.workspace.registerFileSystemProvider(
      programScheme,
      new LazyFileSystem(async () => (await load()).programs),
      { isReadonly: true, isCaseSensitive: true },
    ),
  );
  own(
    vscode.workspace.registerTextDocumentContentProvider(documentScheme, {
      provideTextDocumentContent: async (uri) => (await load()).documents.text(uri),
    }),
  );
  own(vscode.window.registerUriHandler({ handleUri: async (uri) => (await load()).openUri(uri) }));
  for (const name of languageModelTools)
    own(
      vscode.lm.registerTool<object>(name, {
        prepareInvocation: async ({ input }) => (await load()).tools.prepare(name, input),
        invoke: async ({ input }, token) => (await load()).tools.invoke(name, input, token),
      }),
    );
}
