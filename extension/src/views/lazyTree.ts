/** A tree whose contents are loaded when VS Code first asks for them, that is when its view is first seen. */
import * as vscode from 'vscode';

/** What a view shows. `onChange` tells which nodes are to be drawn anew; undefined: all. */
export interface TreeSource<T> {
  children(node: T | undefined): Promise<T[]> | T[];
  item(node: T): vscode.TreeItem;
  parent(node: T): T | undefined;
  tooltip(node: T): vscode.MarkdownString | undefined;
  onChange(listener: (nodes: T[] | undefined) => void): { dispose(): void };
}

export class LazyTree<T> implements vscode.TreeDataProvider<T>, vscode.Disposable {
  readonly #load: () => Promise<TreeSource<T>>;
  readonly #changes = new vscode.EventEmitter<T[] | undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  #source: Promise<TreeSource<T>> | null = null;

  constructor(load: () => Promise<TreeSource<T>>) {
    this.#load = load;
  }

  async getChildren(node?: T): Promise<T[]> {
    return (await this.#loaded()).children(node);
  }

  async getTreeItem(node: T): Promise<vscode.TreeItem> {
    return (await this.#loaded()).item(node);
  }

  async getParent(node: T): Promise<T | undefined> {
    return (await this.#loaded()).parent(node);
  }

  async resolveTreeItem(item: vscode.TreeItem, node: T): Promise<vscode.TreeItem> {
    const tooltip = (await this.#loaded()).tooltip(node);
    if (tooltip !== undefined) item.tooltip = tooltip;
    return item;
  }

  dispose(): void {
    this.#changes.dispose();
  }

  #loaded(): Promise<TreeSource<T>> {
    this.#source ??= this.#load().then((source) => {
      source.onChange((nodes) => this.#changes.fire(nodes));
      return source;
    });
    return this.#source;
  }
}
