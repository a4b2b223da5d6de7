/** The host's side of the Trajectory panel: one agent's work, step by step, live. */
import type * as vscode from 'vscode';
import { FromTrajectoryPanel, type ToTrajectoryPanel } from '../../../protocol/panels.ts';
import type { CandidateId, RunId, RunSummary } from '../../../protocol/run.ts';
import type { Subscription } from '../../../protocol/subscription.ts';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { touchedBy } from '../runs/changeBatch.ts';
import type { FollowedChange } from '../runs/followedRuns.ts';
import { fitting } from './bounded.ts';
import type { Following } from './followedTrajectories.ts';
import { attempt, type PanelController, windowOf } from './panelContext.ts';
import { PanelFrame } from './panelFrame.ts';

/** The first page; the panel asks for others as it scrolls. */
const firstPage = 500;

export class TrajectoryPanel implements PanelController {
  readonly frame: PanelFrame<FromTrajectoryPanel, ToTrajectoryPanel>;
  readonly #app: App;
  readonly #changes: Subscription;
  readonly #isKept: boolean;
  #run: RunId;
  #candidate: CandidateId;
  #hold: Subscription;
  #following: Following | null = null;
  /** Of the run, as the panel knows it: what can be asked for depends on it. */
  #standing = '';

  constructor(
    app: App,
    panel: vscode.WebviewPanel,
    shown: { run: RunId; candidate: CandidateId; isKept: boolean },
    closed: () => void,
  ) {
    this.#isKept = shown.isKept;
    this.#app = app;
    this.#run = shown.run;
    this.#candidate = shown.candidate;
    this.#hold = app.followed.hold(shown.run);
    this.#changes = app.followed.onChange((change) => this.#runChanged(change));
    this.frame = new PanelFrame<FromTrajectoryPanel, ToTrajectoryPanel>({
      ...windowOf(app),
      panel,
      kind: 'trajectory',
      schema: FromTrajectoryPanel,
      receive: (message) => this.#receive(message),
      fill: (isWanted) => this.#fill(isWanted),
      visibility: (isVisible) => {
        if (!isVisible) this.#stopFollowing();
      },
      closed: () => {
        this.dispose();
        closed();
      },
    });
    this.frame.title = this.#title();
  }

  get subject() {
    return { run: this.#run, candidate: this.#candidate };
  }

  get state() {
    return { kind: 'trajectory' as const, ...this.subject };
  }

  /** One that was opened to the side stays with its candidate. */
  get isReusable(): boolean {
    return !this.#isKept;
  }

  /** Shows another candidate in place of this one. */
  show(run: RunId, candidate: CandidateId): void {
    if (run === this.#run && candidate === this.#candidate) return;
    const former = this.#hold;
    this.#hold = this.#app.followed.hold(run);
    former.dispose();
    this.#run = run;
    this.#candidate = candidate;
    this.frame.title = this.#title();
    this.frame.fill();
  }

  dispose(): void {
    this.#stopFollowing();
    this.#changes.dispose();
    this.#hold.dispose();
  }

  #title(): string {
    const task = this.#app.runs.get(this.#run)?.config.task;
    return task === undefined ? l10n.t('Trajectory #{0}', this.#candidate) : `#${this.#candidate} ${task}`;
  }

  #receive(message: Exclude<FromTrajectoryPanel, { type: 'ready' }>): void {
    switch (message.type) {
      case 'page':
        this.#page(message.from, message.limit);
        return;
      case 'output':
        this.#output(message.index, message.offset);
        return;
      default:
        this.#app.panels.common(message, this.subject);
    }
  }

  #fill(isWanted: () => boolean): void {
    this.#stopFollowing();
    attempt(this.#app, 'trajectory', async () => {
      const { run, candidate } = this.subject;
      await this.#app.connection.look();
      const first = await this.#app.followed.ready(run);
      const client = this.#app.connection.get();
      const [page, title] = await Promise.all([
        client.request('trajectory.page', { run, candidate, from: 0, limit: firstPage }),
        this.#app.references.title(first.summary.config.task, first.summary.config.taskVersion),
      ]);
      // As it is now: it may have begun anew meanwhile.
      const view = this.#app.followed.view(run) ?? first;
      const shown = view.candidates.get(candidate);
      if (!isWanted() || shown === undefined) return;
      const [items = [], ...more] = fitting(page.items);
      this.#standing = standingOf(view.summary);
      this.frame.title = this.#title();
      this.frame.reset({ type: 'reset', run: view.summary, title, candidate: shown, items, total: page.total });
      for (const piece of more) this.frame.post({ type: 'items', items: piece, total: page.total });
      await this.#follow(isWanted, page.total);
    });
  }

  async #follow(isWanted: () => boolean, from: number): Promise<void> {
    if (!this.frame.isListening) return;
    const following = this.#app.trajectories.follow({ ...this.subject, from }, (items) => {
      if (!isWanted()) return;
      const total = (items.at(-1)?.index ?? 0) + 1;
      for (const piece of fitting(items)) this.frame.post({ type: 'items', items: piece, total });
    });
    this.#following = following;
    await following.begun;
  }

  #stopFollowing(): void {
    this.#following?.dispose();
    this.#following = null;
  }

  #page(from: number, limit: number): void {
    const isWanted = this.frame.whileShown();
    attempt(this.#app, 'trajectory', async () => {
      const client = this.#app.connection.get();
      const { items, total } = await client.request('trajectory.page', { ...this.subject, from, limit });
      if (!isWanted()) return;
      const pieces = items.length === 0 ? [[]] : [...fitting(items)];
      for (const piece of pieces) this.frame.post({ type: 'items', items: piece, total });
    });
  }

  #output(index: number, offset: number): void {
    const isWanted = this.frame.whileShown();
    attempt(this.#app, 'output', async () => {
      const client = this.#app.connection.get();
      const output = await client.request('trajectory.output', { ...this.subject, index, offset });
      if (!isWanted()) return;
      const { text, bytes, nextOffset } = output ?? { text: null, bytes: 0, nextOffset: null };
      this.frame.post({ type: 'output', index, offset, text, bytes, nextOffset });
    });
  }

  #runChanged({ run, change }: FollowedChange): void {
    // A page that is being filled shows another candidate yet, or none: it is told with the reset.
    if (run !== this.#run || change.kind === 'ended' || !this.frame.isFilled) return;
    const isTouched =
      change.kind !== 'events' || change.events.some((event) => touchedBy(event).includes(this.#candidate));
    const candidate = change.view.candidates.get(this.#candidate);
    if (isTouched && candidate !== undefined) this.frame.post({ type: 'candidate', candidate });
    const { summary } = change.view;
    if (standingOf(summary) === this.#standing) return;
    this.#standing = standingOf(summary);
    this.frame.post({ type: 'run', run: summary });
  }
}

function standingOf({ state, unsealed }: RunSummary): string {
  return unsealed ? `${state}, unsealed` : state;
}
