/** The host's side of the dashboard of one run: everything that has happened, then every event as it comes. */
import type * as vscode from 'vscode';
import { FromDashboardPanel, type ToDashboardPanel } from '../../../protocol/panels.ts';
import type { RunView } from '../../../protocol/projection.ts';
import type { CandidateId, RunEvent, RunId } from '../../../protocol/run.ts';
import type { Subscription } from '../../../protocol/subscription.ts';
import type { App } from '../app.ts';
import type { FollowedChange } from '../runs/followedRuns.ts';
import { lean } from './bounded.ts';
import { attempt, type PanelController, windowOf } from './panelContext.ts';
import { PanelFrame } from './panelFrame.ts';

/** The server sends ten batches a second; charts are drawn less often. */
const batchMs = 150;

export class DashboardPanel implements PanelController {
  readonly run: RunId;
  readonly frame: PanelFrame<FromDashboardPanel, ToDashboardPanel>;
  readonly #app: App;
  readonly #hold: Subscription;
  readonly #subscriptions: Subscription[];
  #watching: Subscription | null = null;
  #events: RunEvent[] = [];
  #timer: NodeJS.Timeout | null = null;
  #selected: CandidateId | null;

  constructor(app: App, panel: vscode.WebviewPanel, run: RunId, closed: () => void) {
    this.#app = app;
    this.run = run;
    this.#hold = app.followed.hold(run);
    this.#selected = selectedIn(app, run);
    this.#subscriptions = [
      app.followed.onChange((change) => this.#runChanged(change)),
      app.slots.onChange(({ run: id, slots }) => {
        if (id === run && this.frame.isFilled) this.frame.post({ type: 'slots', slots: [...slots] });
      }),
    ];
    this.frame = new PanelFrame<FromDashboardPanel, ToDashboardPanel>({
      ...windowOf(app),
      panel,
      kind: 'dashboard',
      schema: FromDashboardPanel,
      receive: (message) => this.#receive(message),
      fill: (isWanted) => this.#fill(isWanted),
      visibility: (isVisible) => this.#watch(isVisible),
      closed: () => {
        this.dispose();
        closed();
      },
    });
    this.#watch(panel.visible);
  }

  get subject() {
    return { run: this.run, candidate: this.#selected };
  }

  get state() {
    return { kind: 'dashboard' as const, run: this.run };
  }

  /** A candidate was selected elsewhere. */
  select(candidate: CandidateId | null): void {
    if (candidate === this.#selected) return;
    this.#selected = candidate;
    if (this.frame.isFilled) this.frame.post({ type: 'select', candidate });
  }

  dispose(): void {
    this.#watch(false);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#hold.dispose();
  }

  #receive(message: Exclude<FromDashboardPanel, { type: 'ready' }>): void {
    switch (message.type) {
      case 'select':
        this.#selectInTree(message.candidate);
        return;
      case 'tab':
        // The panel keeps it itself.
        return;
      default:
        this.#app.panels.common(message, this.subject);
    }
  }

  #selectInTree(candidate: CandidateId | null): void {
    this.#selected = candidate;
    if (candidate === null || !this.#app.views.runs.visible) return;
    attempt(this.#app, 'reveal', () => this.#app.runsView.reveal(this.run, candidate, false));
  }

  #fill(isWanted: () => boolean): void {
    attempt(this.#app, 'dashboard', async () => {
      await this.#app.connection.look();
      const { summary } = await this.#app.followed.ready(this.run);
      const [references, title] = await Promise.all([
        this.#app.references.lines(summary.config.task, summary.config.taskVersion),
        this.#app.references.title(summary.config.task, summary.config.taskVersion),
      ]);
      // As it is now: events may have come in meanwhile.
      const view = this.#app.followed.view(this.run);
      if (!isWanted() || view === null) return;
      this.frame.title = `${summary.config.task} · ${this.#app.connection.machine}`;
      this.#reset(view, title, references);
      const slots = [...this.#app.slots.of(this.run)];
      if (slots.length > 0) this.frame.post({ type: 'slots', slots });
    });
  }

  #reset(
    { summary, candidates, lastSeq, pending, activeSince }: RunView,
    title: string,
    references: Extract<ToDashboardPanel, { type: 'reset' }>['references'],
  ): void {
    this.#dropEvents();
    this.frame.reset({
      type: 'reset',
      summary,
      title,
      candidates: lean([...candidates.values()]),
      lastSeq,
      pending,
      activeSince,
      references,
      selected: this.#selected,
    });
  }

  #runChanged({ run, change }: FollowedChange): void {
    if (run !== this.run || !this.frame.isListening) return;
    if (change.kind === 'events') {
      if (!this.frame.isFilled) return;
      this.#events.push(...change.events);
      this.#timer ??= setTimeout(() => this.#flush(), batchMs);
    } else if (change.kind !== 'ended') this.frame.fill();
  }

  #flush(): void {
    this.#timer = null;
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.frame.post({ type: 'events', events });
  }

  #dropEvents(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#events = [];
  }

  #watch(isVisible: boolean): void {
    if (isVisible) this.#watching ??= this.#app.slots.watch();
    else {
      this.#watching?.dispose();
      this.#watching = null;
      this.#dropEvents();
    }
  }
}

/** Of the tree, if it is a candidate of this run. */
function selectedIn(app: App, run: RunId): CandidateId | null {
  const [node] = app.views.runs.selection;
  return node?.kind === 'candidate' && node.run === run ? node.candidate : null;
}
