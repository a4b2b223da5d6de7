/** The Workers view: what every slot does, and for how long, while somebody looks. */
import * as vscode from 'vscode';
import type { Subscription } from '../../../protocol/subscription.ts';
import { Listeners } from '../../../protocol/subscription.ts';
import { escapeMarkdown } from '../markdown.ts';
import type { RunList } from '../runs/runList.ts';
import type { TreeSource } from '../views/lazyTree.ts';
import { tooltipOf, treeItem } from '../views/treeItem.ts';
import type { SlotBoard } from './slotBoard.ts';
import { type WorkersNode, WorkersTree } from './workersTree.ts';

const { Expanded, None } = vscode.TreeItemCollapsibleState;
/** How often "for how long" is counted on. */
const tickMs = 5000;

export class WorkersView implements TreeSource<WorkersNode> {
  readonly #tree: WorkersTree;
  readonly #board: SlotBoard;
  readonly #changes = new Listeners<WorkersNode[] | undefined>();
  readonly #subscriptions: { dispose(): void }[];
  readonly #onFirstSeen: () => Promise<void>;
  #firstSeen: Promise<void> | null = null;
  #watching: Subscription | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(view: vscode.TreeView<WorkersNode>, board: SlotBoard, list: RunList, onFirstSeen: () => Promise<void>) {
    this.#board = board;
    this.#onFirstSeen = onFirstSeen;
    this.#tree = new WorkersTree({ slots: () => board.all(), summary: (run) => list.get(run) });
    this.#subscriptions = [
      board.onChange(({ run }) => this.#changes.tell(this.#tree.changed(run))),
      view.onDidChangeVisibility(({ visible }) => this.#look(visible)),
    ];
    this.#look(view.visible);
  }

  onChange(listener: (nodes: WorkersNode[] | undefined) => void): Subscription {
    return this.#changes.add(listener);
  }

  async children(node: WorkersNode | undefined): Promise<WorkersNode[]> {
    this.#firstSeen ??= this.#onFirstSeen();
    await this.#firstSeen;
    return this.#tree.children(node);
  }

  item(node: WorkersNode): vscode.TreeItem {
    const isLeaf = node.kind === 'activity' || this.#tree.children(node).length === 0;
    return treeItem(node.id, this.#tree.row(node, Date.now()), isLeaf ? None : Expanded);
  }

  parent(node: WorkersNode): WorkersNode | undefined {
    return this.#tree.parent(node);
  }

  tooltip(node: WorkersNode): vscode.MarkdownString | undefined {
    if (node.kind !== 'slot') return undefined;
    const slot = this.#tree.slot(node);
    if (slot === undefined) return undefined;
    const { state, detail, pid, gpuUuid, gpuProblem } = slot;
    const lines = [detail === '' ? state : `${state}: ${detail}`];
    if (pid !== null) lines.push(`PID ${pid}`);
    if (gpuUuid !== null) lines.push(gpuUuid);
    if (gpuProblem !== null) lines.push(gpuProblem);
    for (const { temperatureC, powerW } of slot.gpus)
      if (temperatureC !== null || powerW !== null)
        lines.push(
          [temperatureC === null ? '' : `${temperatureC} °C`, powerW === null ? '' : `${Math.round(powerW)} W`]
            .filter(Boolean)
            .join(', '),
        );
    return tooltipOf(lines.map(escapeMarkdown).join('\n\n'));
  }

  dispose(): void {
    this.#look(false);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #look(isVisible: boolean): void {
    if (!isVisible) {
      this.#watching?.dispose();
      this.#watching = null;
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    this.#watching ??= this.#board.watch();
    this.#timer ??= setInterval(() => {
      for (const run of this.#board.all().keys()) this.#changes.tell(this.#tree.changed(run));
    }, tickMs);
  }
}
