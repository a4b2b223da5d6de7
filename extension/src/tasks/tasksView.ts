/** The Tasks view: built-in tasks and those of the workspace, with the mistakes of manifests where they are. */
import * as vscode from 'vscode';
import type { TaskListing } from '../../../protocol/clientViews.ts';
import { type AgentServerClient, NotConnectedError } from '../../../protocol/serverClient.ts';
import { Listeners, type Subscription } from '../../../protocol/subscription.ts';
import { messageOf } from '../../../protocol/thrown.ts';
import type { TreeSource } from '../views/lazyTree.ts';
import { tooltipOf, treeItem } from '../views/treeItem.ts';
import { type TasksNode, TasksTree, taskRow, taskTooltip } from './tasksTree.ts';

const { Expanded, None } = vscode.TreeItemCollapsibleState;
/** A manifest that is being written is not read at every key. */
const settleMs = 500;

export interface TasksViewOptions {
  view: vscode.TreeView<TasksNode>;
  /** Where to look for manifests, on the server's machine. */
  folders: () => string[];
  onFirstSeen: () => Promise<void>;
  warn: (message: string) => void;
}

export class TasksView implements TreeSource<TasksNode> {
  readonly #options: TasksViewOptions;
  readonly #tree = new TasksTree();
  readonly #changes = new Listeners<TasksNode[] | undefined>();
  readonly #subscriptions: { dispose(): void }[] = [];
  #client: AgentServerClient | null = null;
  #firstSeen: Promise<void> | null = null;
  #reading: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isKnown = false;

  constructor(options: TasksViewOptions) {
    this.#options = options;
  }

  onChange(listener: (nodes: TasksNode[] | undefined) => void): Subscription {
    return this.#changes.add(listener);
  }

  attach(client: AgentServerClient | null): void {
    this.#client = client;
    this.#isKnown = false;
    if (client === null) this.#tree.set([]);
    this.#changes.tell(undefined);
  }

  async children(node: TasksNode | undefined): Promise<TasksNode[]> {
    this.#firstSeen ??= this.#seen();
    await this.#firstSeen;
    if (node === undefined) await this.#read();
    return this.#tree.children(node);
  }

  item(node: TasksNode): vscode.TreeItem {
    return treeItem(node.id, taskRow(node), node.kind === 'group' ? Expanded : None);
  }

  parent(node: TasksNode): TasksNode | undefined {
    return this.#tree.parent(node);
  }

  tooltip(node: TasksNode): vscode.MarkdownString | undefined {
    return node.kind === 'task' ? tooltipOf(taskTooltip(node.listing)) : undefined;
  }

  /** All that are known to the server now. @throws what the server refuses */
  async listings(client: AgentServerClient): Promise<readonly TaskListing[]> {
    const { tasks, notice } = await client.request('tasks.list', { folders: this.#options.folders() });
    this.#options.view.message = notice ?? '';
    return tasks;
  }

  /** Something may have changed: a manifest, or what is prepared. */
  refresh(): void {
    this.#isKnown = false;
    this.#changes.tell(undefined);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #seen(): Promise<void> {
    const watcher = vscode.workspace.createFileSystemWatcher('**/task.yaml');
    const soon = () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), settleMs);
    };
    this.#subscriptions.push(
      watcher,
      watcher.onDidChange(soon),
      watcher.onDidCreate(soon),
      watcher.onDidDelete(soon),
      vscode.workspace.onDidChangeWorkspaceFolders(soon),
    );
    await this.#options.onFirstSeen();
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    const client = this.#client;
    if (client === null || this.#isKnown) return;
    try {
      const tasks = await this.listings(client);
      if (this.#client !== client) return;
      this.#tree.set(tasks);
      this.#isKnown = true;
    } catch (error) {
      if (!(error instanceof NotConnectedError)) this.#options.warn(`tasks: ${messageOf(error)}`);
    }
  }
}
