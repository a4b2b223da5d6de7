/** The Runs view: follows what is open, draws what has changed, and says which machine this is. */
import * as vscode from 'vscode';
import type { RunView } from '../../../protocol/projection.ts';
import type { CandidateId, RunId, RunSummary } from '../../../protocol/run.ts';
import { NotConnectedError } from '../../../protocol/serverClient.ts';
import { Listeners, type Subscription } from '../../../protocol/subscription.ts';
import { commandId } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { escapeMarkdown } from '../markdown.ts';
import type { TreeSource } from '../views/lazyTree.ts';
import type { Row } from '../views/row.ts';
import { contextTokens } from '../views/row.ts';
import { tooltipOf, treeItem } from '../views/treeItem.ts';
import type { Order } from './candidateOrder.ts';
import { candidateRow } from './candidateRow.ts';
import { ChangeBatch, changesList, type RunChanges, touchedBy } from './changeBatch.ts';
import { candidateUri } from './decorations.ts';
import type { FollowedChange, FollowedRuns } from './followedRuns.ts';
import { requestWords } from './requestWords.ts';
import type { RunList, RunListChange } from './runList.ts';
import { isLive, runRow } from './runRow.ts';
import { type CandidateNode, type RunNode, type RunsNode, RunsTree } from './runsTree.ts';
import { candidateTooltip, runTooltip } from './tooltips.ts';

export interface RunsViewOptions {
  view: vscode.TreeView<RunsNode>;
  list: RunList;
  followed: FollowedRuns;
  order: Order;
  /** Called before the first rows are asked for: looks for a server. */
  onFirstSeen: () => Promise<void>;
  machine: () => string;
  /** These candidates' marks may have changed; null: those of all. */
  decorate: (run: RunId, candidates: ReadonlySet<CandidateId> | null) => void;
}

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
/** In lineage, families of small runs are open. */
const openBelow = 150;
const batchMs = 200;
/** So many rows are in view at once, or nearly. */
const fitsOnScreen = 40;

export class RunsView implements TreeSource<RunsNode> {
  readonly tree: RunsTree;
  readonly #options: RunsViewOptions;
  readonly #changes = new Listeners<RunsNode[] | undefined>();
  readonly #holds = new Map<RunId, Subscription>();
  readonly #batch: ChangeBatch;
  readonly #subscriptions: { dispose(): void }[];
  readonly #drawnRows = new Map<RunId, string>();
  /** The best of each run when it was drawn last: its row changes when another takes its place. */
  readonly #best = new Map<RunId, CandidateId | null>();
  #firstSeen: Promise<void> | null = null;
  /** Rows that were opened because of their first child; what the person closes stays closed. */
  readonly #opened = new Set<string>();
  #marked: { run: RunId; candidate: CandidateId } | null = null;

  constructor(options: RunsViewOptions) {
    const { view, list, followed, order } = options;
    this.#options = options;
    this.tree = new RunsTree(
      {
        summaries: () => list.all(),
        problems: () => list.problems,
        view: (run) => followed.view(run),
      },
      order,
    );
    this.#batch = new ChangeBatch(
      (changes) => this.#draw(changes),
      () => batchMs + this.tree.shownRows,
    );
    this.#subscriptions = [
      list.onChange((change) => this.#listChanged(change)),
      followed.onChange((change) => this.#runChanged(change)),
      view.onDidCollapseElement(({ element }) => {
        this.tree.hide(element);
        if (element.kind === 'run') this.#release(element.run);
      }),
      this.#batch,
    ];
  }

  /** The other parent of the next crossover. */
  get marked(): { run: RunId; candidate: CandidateId } | null {
    return this.#marked;
  }

  mark(marked: { run: RunId; candidate: CandidateId } | null): void {
    const touched = [this.#marked, marked].filter((one) => one !== null);
    this.#marked = marked;
    for (const { run, candidate } of touched) this.#batch.candidates(run, [candidate]);
  }

  onChange(listener: (nodes: RunsNode[] | undefined) => void): Subscription {
    return this.#changes.add(listener);
  }

  async children(node: RunsNode | undefined): Promise<RunsNode[]> {
    if (node === undefined) {
      this.#firstSeen ??= this.#options.onFirstSeen();
      await this.#firstSeen;
    }
    if (node?.kind === 'run' && !(await this.#isFollowed(node.run))) return [];
    return this.tree.children(node);
  }

  item(node: RunsNode): vscode.TreeItem {
    switch (node.kind) {
      case 'run':
        return this.#runItem(node);
      case 'candidate':
        return this.#candidateItem(node);
      case 'more':
        return moreItem(node.id, node.left, node);
      case 'pending':
        return treeItem(node.id, pendingRow(requestWords(node.request)), None);
      case 'problem':
        return treeItem(node.id, problemRow(node.run, node.problem), None);
    }
  }

  parent(node: RunsNode): RunsNode | undefined {
    return this.tree.parent(node);
  }

  tooltip(node: RunsNode): vscode.MarkdownString | undefined {
    const { list, followed, machine } = this.#options;
    if (node.kind === 'run') {
      const summary = list.get(node.run);
      return summary === undefined ? undefined : tooltipOf(runTooltip(summary, machine()));
    }
    if (node.kind === 'candidate') {
      const view = followed.view(node.run);
      const candidate = view?.candidates.get(node.candidate);
      if (!view || candidate === undefined) return undefined;
      return tooltipOf(candidateTooltip(candidate, view, Date.now()));
    }
    return node.kind === 'problem' ? tooltipOf(escapeMarkdown(node.problem)) : undefined;
  }

  arrange(order: Order, filter: string): void {
    this.tree.arrange(order, filter);
    this.#changes.tell(undefined);
  }

  /** Shows a run or candidate, opening what it stands in. */
  async reveal(run: RunId, candidate: CandidateId | null, focus = true): Promise<void> {
    await this.#hold(run);
    const node = this.tree.find(run, candidate);
    // A list may have been made longer for it.
    if (candidate !== null) this.#changes.tell([this.tree.find(run, null)]);
    await this.#options.view.reveal(node, { select: true, focus, expand: candidate === null });
  }

  showMore(node: RunsNode): void {
    if (node.kind !== 'more') return;
    const parent = this.tree.showMore(node);
    if (parent !== undefined) this.#changes.tell([parent]);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    for (const hold of this.#holds.values()) hold.dispose();
  }

  /** False without a server: its rows come with the next one. */
  async #isFollowed(run: RunId): Promise<boolean> {
    try {
      await this.#hold(run);
      return true;
    } catch (error) {
      if (error instanceof NotConnectedError) return false;
      throw error;
    }
  }

  async #hold(run: RunId): Promise<void> {
    const { followed } = this.#options;
    if (!this.#holds.has(run)) this.#holds.set(run, followed.hold(run));
    try {
      await followed.ready(run);
    } catch (error) {
      this.#release(run);
      throw error;
    }
  }

  #release(run: RunId): void {
    this.#holds.get(run)?.dispose();
    this.#holds.delete(run);
  }

  #listChanged(change: RunListChange): void {
    switch (change.kind) {
      case 'reset':
        this.#drawnRows.clear();
        this.#changes.tell(undefined);
        return;
      case 'deleted':
        this.#release(change.run);
        this.tree.forget(change.run);
        this.#drawnRows.delete(change.run);
        this.#changes.tell(undefined);
        return;
      case 'changed': {
        const { summary, before } = change;
        // Another place in the list.
        if (before === null || isLive(before.state) !== isLive(summary.state)) this.#changes.tell(undefined);
        else if (this.#drawnRows.get(summary.id) !== drawn(summary)) this.#batch.run(summary.id);
      }
    }
  }

  #runChanged({ run, change }: FollowedChange): void {
    switch (change.kind) {
      case 'ended':
        this.#release(run);
        return;
      case 'reset':
      case 'summary':
        this.#best.set(run, change.view.summary.bestSearch?.candidate ?? null);
        this.#batch.run(run);
        this.#options.decorate(run, null);
        return;
      case 'events': {
        this.#batch.candidates(run, [...change.events.flatMap(touchedBy), ...this.#changedBest(run, change.view)]);
        if (change.events.some(changesList)) this.#batch.run(run);
      }
    }
  }

  /** The former and the new best, if it has changed. */
  #changedBest(run: RunId, { summary }: RunView): CandidateId[] {
    const before = this.#best.get(run) ?? null;
    const now = summary.bestSearch?.candidate ?? null;
    this.#best.set(run, now);
    return before === now ? [] : [before, now].filter((id) => id !== null);
  }

  #draw(changes: ReadonlyMap<RunId, RunChanges>): void {
    for (const [run, { candidates }] of changes) this.#options.decorate(run, candidates);
    const nodes = [...changes].flatMap(([run, { candidates, isRunStale }]) =>
      this.tree.changed(run, candidates, isRunStale),
    );
    if (nodes.length > 0) this.#changes.tell(nodes);
    for (const [run, { candidates }] of changes) this.#openFamilies(run, candidates);
  }

  /**
   * A row that gets its first child stays closed: VS Code opens by default only what is new. Where everything fits on the
   * screen it is opened, so that what comes in is seen.
   */
  #openFamilies(run: RunId, candidates: ReadonlySet<CandidateId>): void {
    const { view } = this.#options;
    if (!view.visible || this.tree.order !== 'lineage') return;
    for (const id of candidates) {
      const parent = this.tree.parent(this.tree.find(run, id));
      if (parent?.kind !== 'candidate' || this.#opened.has(parent.id) || this.tree.isShown(parent)) continue;
      this.#opened.add(parent.id);
      if (this.tree.shownRows < fitsOnScreen)
        view.reveal(parent, { expand: true, select: false, focus: false }).then(undefined, () => {
          // VS Code may not have drawn it yet: the next change below it tries again.
          this.#opened.delete(parent.id);
        });
    }
  }

  #runItem(node: RunNode): vscode.TreeItem {
    const summary = this.#options.list.get(node.run);
    if (summary === undefined) return treeItem(node.id, problemRow(node.run, l10n.t('gone')), None);
    this.#drawnRows.set(node.run, drawn(summary));
    return treeItem(node.id, runRow(summary), isLive(summary.state) ? Expanded : Collapsed);
  }

  #candidateItem(node: CandidateNode): vscode.TreeItem {
    const view = this.#options.followed.view(node.run);
    const candidate = view?.candidates.get(node.candidate);
    if (!view || candidate === undefined)
      return treeItem(node.id, problemRow(`#${node.candidate}`, l10n.t('gone')), None);
    const marked = this.#marked?.run === node.run ? this.#marked.candidate : null;
    const item = treeItem(node.id, candidateRow(candidate, view, marked), this.#collapsible(node, view));
    item.resourceUri = candidateUri(node.run, node.candidate);
    item.command =
      candidate.operator === 'human'
        ? { command: commandId('openProgram'), title: l10n.t('Open Program'), arguments: [node] }
        : { command: commandId('openTrajectory'), title: l10n.t('Open Trajectory'), arguments: [node] };
    return item;
  }

  #collapsible(node: CandidateNode, view: RunView): vscode.TreeItemCollapsibleState {
    if (this.tree.order !== 'lineage' || !this.tree.hasChildren(node)) return None;
    return view.candidates.size < openBelow ? Expanded : Collapsed;
  }
}

function drawn(summary: RunSummary): string {
  return JSON.stringify(runRow(summary));
}

function moreItem(id: string, left: number, node: RunsNode): vscode.TreeItem {
  const label = l10n.t('Show more ({0} left)', left);
  const row: Row = {
    label,
    description: '',
    icon: { id: 'ellipsis' },
    contextValue: contextTokens(['more']),
    spoken: label,
  };
  const item = treeItem(id, row, None);
  item.command = { command: commandId('showMore'), title: l10n.t('Show More'), arguments: [node] };
  return item;
}

function pendingRow(words: string): Row {
  return {
    label: words,
    description: l10n.t('waits for a free slot'),
    icon: { id: 'clock', color: 'charts.purple' },
    contextValue: contextTokens(['pending']),
    spoken: l10n.t('{0}, waits for a free slot', words),
  };
}

function problemRow(run: string, problem: string): Row {
  return {
    label: run,
    description: problem,
    icon: { id: 'warning', color: 'charts.yellow' },
    contextValue: contextTokens(['problem']),
    spoken: `${run}, ${problem}`,
  };
}
