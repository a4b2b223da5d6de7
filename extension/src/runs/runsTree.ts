/**
 * The nodes of the Runs view: which there are, in which order, and which must be drawn anew after a change. It draws
 * nothing itself. A node is the same object for as long as it exists: VS Code finds its rows by identity.
 */

import type { RunView } from '../../../protocol/projection.ts';
import type { CandidateId, PersonRequest, RunId, RunSummary } from '../../../protocol/run.ts';
import { filterWords, type Layout, layoutOf, type Order } from './candidateOrder.ts';
import { isLive } from './runRow.ts';

export interface RunNode {
  kind: 'run';
  id: string;
  run: RunId;
}
export interface CandidateNode {
  kind: 'candidate';
  id: string;
  run: RunId;
  candidate: CandidateId;
}
/** Stands for the rest of a long list. */
export interface MoreNode {
  kind: 'more';
  id: string;
  run: RunId;
  /** Id of the node whose list it continues. */
  of: string;
  left: number;
}
/** What a person has asked for and no agent has taken up yet. */
export interface PendingNode {
  kind: 'pending';
  id: string;
  run: RunId;
  request: PersonRequest;
}
/** A run that cannot be read. */
export interface ProblemNode {
  kind: 'problem';
  id: string;
  run: string;
  problem: string;
}
export type RunsNode = RunNode | CandidateNode | MoreNode | PendingNode | ProblemNode;

export interface RunsSource {
  summaries(): Iterable<RunSummary>;
  problems(): Iterable<{ run: string; problem: string }>;
  /** null while it has not been read. */
  view(run: RunId): RunView | null;
}

/** A list is shown in pieces of so many. */
export const pageSize = 1000;

export const runNodeId = (run: RunId) => `run:${run}`;
export const candidateNodeId = (run: RunId, candidate: CandidateId) => `run:${run}#${candidate}`;

export class RunsTree {
  readonly #source: RunsSource;
  readonly #pageSize: number;
  readonly #nodes = new Map<string, RunsNode>();
  /** What is on the screen: ids of the children that were handed out, by their parent's id. */
  readonly #shown = new Map<string, readonly string[]>();
  readonly #limits = new Map<string, number>();
  readonly #layouts = new Map<RunId, Layout>();
  #order: Order;
  #filter = '';

  constructor(source: RunsSource, order: Order, size = pageSize) {
    this.#source = source;
    this.#order = order;
    this.#pageSize = size;
  }

  get order(): Order {
    return this.#order;
  }

  get filter(): string {
    return this.#filter;
  }

  /** How many rows are, or were, on the screen. */
  get shownRows(): number {
    let rows = 0;
    for (const children of this.#shown.values()) rows += children.length;
    return rows;
  }

  /** Everything is to be drawn anew afterwards. */
  arrange(order: Order, filter: string): void {
    this.#order = order;
    this.#filter = filter;
    this.#layouts.clear();
    this.#limits.clear();
  }

  children(parent: RunsNode | undefined): RunsNode[] {
    const children = this.#childrenOf(parent);
    this.#shown.set(
      parent?.id ?? '',
      children.map(({ id }) => id),
    );
    return children;
  }

  parent(node: RunsNode): RunsNode | undefined {
    if (node.kind === 'run' || node.kind === 'problem') return undefined;
    const run = this.#run(node.run);
    if (node.kind === 'pending') return run;
    if (node.kind === 'more') return this.#nodes.get(node.of) ?? run;
    const view = this.#source.view(node.run);
    const first = this.#order === 'lineage' ? view?.candidates.get(node.candidate)?.parents[0] : undefined;
    const stands = first !== undefined && first < node.candidate && view?.candidates.has(first) === true;
    return stands ? this.#candidate(node.run, first) : run;
  }

  /** The node of a candidate, where the tree may show it: its list is made long enough. */
  find(run: RunId, candidate: CandidateId | null): RunsNode {
    if (candidate === null) return this.#run(run);
    const node = this.#candidate(run, candidate);
    for (let at: RunsNode | undefined = node; at?.kind === 'candidate'; at = this.parent(at)) this.#makeRoom(at);
    return node;
  }

  /** Doubles as the action of a "show more" row. @returns the node whose children are to be drawn anew */
  showMore(node: MoreNode): RunsNode | undefined {
    this.#limits.set(node.of, this.#limit(node.of) + this.#pageSize);
    return this.#nodes.get(node.of);
  }

  /** Whether the children of this node are, or were, on the screen. */
  isShown(node: RunsNode): boolean {
    return this.#shown.has(node.id);
  }

  /** Its children are not on the screen any more. */
  hide(node: RunsNode): void {
    this.#shown.delete(node.id);
  }

  /**
   * What is to be drawn anew after these candidates of a run have changed or come in: rows that look different, and parents
   * whose children are others than before, or in another order.
   * @param isRunStale the run's own row, too; that draws everything below it anew
   */
  changed(run: RunId, candidates: ReadonlySet<CandidateId>, isRunStale: boolean): RunsNode[] {
    this.#layouts.delete(run);
    if (isRunStale) return [this.#run(run)];
    const anew = new Set<RunsNode>();
    for (const [parentId, before] of this.#shown) {
      const parent = this.#nodes.get(parentId);
      if (parent === undefined || parent.run !== run) continue;
      const now = this.#childrenOf(parent);
      if (!isSame(before, now)) anew.add(parent);
      else for (const child of now) if (child.kind === 'candidate' && candidates.has(child.candidate)) anew.add(child);
    }
    // The first child makes its parent one that can be opened.
    for (const id of candidates) {
      const parent = this.parent(this.#candidate(run, id));
      if (parent?.kind === 'candidate' && !this.#shown.has(parent.id)) anew.add(parent);
    }
    return withoutCovered(anew, (node) => this.parent(node));
  }

  /** A run is gone. */
  forget(run: RunId): void {
    this.#layouts.delete(run);
    for (const [id, node] of this.#nodes) {
      if (node.run !== run) continue;
      this.#nodes.delete(id);
      this.#shown.delete(id);
      this.#limits.delete(id);
    }
  }

  /** Has this candidate any others below it? */
  hasChildren(node: CandidateNode): boolean {
    return (this.#layout(node.run)?.get(node.candidate)?.length ?? 0) > 0;
  }

  #childrenOf(parent: RunsNode | undefined): RunsNode[] {
    if (parent === undefined) return this.#roots();
    if (parent.kind === 'run') {
      const pending = this.#source.view(parent.run)?.pending ?? [];
      const waiting = pending.map(({ request, body }) => this.#pending(parent.run, request, body));
      return [...waiting, ...this.#page(parent, this.#layout(parent.run)?.get(0) ?? [])];
    }
    if (parent.kind === 'candidate') return this.#page(parent, this.#layout(parent.run)?.get(parent.candidate) ?? []);
    return [];
  }

  #roots(): RunsNode[] {
    const runs = [...this.#source.summaries()].filter((summary) => this.#runFits(summary));
    runs.sort(
      (a, b) =>
        Number(isLive(b.state)) - Number(isLive(a.state)) || b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1),
    );
    const problems = this.#filter === '' ? [...this.#source.problems()] : [];
    return [...runs.map(({ id }) => this.#run(id)), ...problems.map((problem) => this.#problem(problem))];
  }

  /** A run fits by its own words, or by those of a candidate that is known. */
  #runFits(summary: RunSummary): boolean {
    if (this.#filter === '' || this.#fitsByItself(summary)) return true;
    return (this.#layout(summary.id)?.size ?? 0) > 0;
  }

  #fitsByItself({ id, config, state }: RunSummary): boolean {
    const text = [id, config.task, config.model, state].join('\n').toLowerCase();
    return filterWords(this.#filter).every((word) => text.includes(word));
  }

  #layout(run: RunId): Layout | null {
    const known = this.#layouts.get(run);
    if (known !== undefined) return known;
    const view = this.#source.view(run);
    if (view === null) return null;
    const { direction } = view.summary.metric;
    const filter = this.#filter !== '' && this.#fitsByItself(view.summary) ? '' : this.#filter;
    const layout = layoutOf(view.candidates, { order: this.#order, direction, filter });
    this.#layouts.set(run, layout);
    return layout;
  }

  #page(parent: RunNode | CandidateNode, ids: readonly CandidateId[]): RunsNode[] {
    const limit = this.#limit(parent.id);
    const nodes: RunsNode[] = ids.slice(0, limit).map((id) => this.#candidate(parent.run, id));
    if (ids.length > limit) nodes.push(this.#more(parent, ids.length - limit));
    return nodes;
  }

  #limit(parentId: string): number {
    return this.#limits.get(parentId) ?? this.#pageSize;
  }

  #makeRoom(node: CandidateNode): void {
    const parent = this.parent(node);
    if (parent === undefined) return;
    const under = parent.kind === 'candidate' ? parent.candidate : 0;
    const place = this.#layout(node.run)?.get(under)?.indexOf(node.candidate) ?? -1;
    const limit = this.#limit(parent.id);
    if (place >= limit) this.#limits.set(parent.id, Math.ceil((place + 1) / this.#pageSize) * this.#pageSize);
  }

  #run(run: RunId): RunNode {
    return this.#node(runNodeId(run), 'run', (id) => ({ kind: 'run', id, run }));
  }

  #candidate(run: RunId, candidate: CandidateId): CandidateNode {
    return this.#node(candidateNodeId(run, candidate), 'candidate', (id) => ({
      kind: 'candidate',
      id,
      run,
      candidate,
    }));
  }

  #more(parent: RunNode | CandidateNode, left: number): MoreNode {
    const node = this.#node(`${parent.id}…`, 'more', (id) => ({
      kind: 'more',
      id,
      run: parent.run,
      of: parent.id,
      left,
    }));
    node.left = left;
    return node;
  }

  #pending(run: RunId, request: string, body: PersonRequest): PendingNode {
    return this.#node(`run:${run}?${request}`, 'pending', (id) => ({ kind: 'pending', id, run, request: body }));
  }

  #problem({ run, problem }: { run: string; problem: string }): ProblemNode {
    const node = this.#node(`problem:${run}`, 'problem', (id) => ({ kind: 'problem', id, run, problem }));
    node.problem = problem;
    return node;
  }

  #node<K extends RunsNode['kind']>(
    id: string,
    kind: K,
    make: (id: string) => Extract<RunsNode, { kind: K }>,
  ): Extract<RunsNode, { kind: K }> {
    const known = this.#nodes.get(id);
    if (known !== undefined && isKind(known, kind)) return known;
    const node = make(id);
    this.#nodes.set(id, node);
    return node;
  }
}

function isKind<K extends RunsNode['kind']>(node: RunsNode, kind: K): node is Extract<RunsNode, { kind: K }> {
  return node.kind === kind;
}

function isSame(before: readonly string[], now: readonly RunsNode[]): boolean {
  return before.length === now.length && now.every(({ id }, index) => id === before[index]);
}

/** Drawing a parent anew draws its children too. */
function withoutCovered(nodes: ReadonlySet<RunsNode>, parentOf: (node: RunsNode) => RunsNode | undefined): RunsNode[] {
  return [...nodes].filter((node) => {
    for (let at = parentOf(node); at !== undefined; at = parentOf(at)) if (nodes.has(at)) return false;
    return true;
  });
}
