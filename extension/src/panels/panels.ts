/** The panels of this window: opened once for each thing, found again, restored after a reload. */
import * as vscode from 'vscode';
import type * as z from 'zod';
import type { RunSettings } from '../../../protocol/client.ts';
import { type PanelCommand, type PanelKind, PanelState } from '../../../protocol/panels.ts';
import type { CandidateId, RunId } from '../../../protocol/run.ts';
import type { App } from '../app.ts';
import { panelViewTypes } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { remembered } from '../startRun/remembered.ts';
import { mention } from '../ui/ask.ts';
import { ComparePanel } from './comparePanel.ts';
import { DashboardPanel } from './dashboardPanel.ts';
import type { PanelController } from './panelContext.ts';
import { webviewOptions } from './panelFrame.ts';
import { StartPanel } from './startPanel.ts';
import { TrajectoryPanel } from './trajectoryPanel.ts';

/** What every panel can say beside its own. */
type CommonMessage =
  | { type: 'command'; command: z.infer<typeof PanelCommand>; run?: RunId | undefined; candidates: CandidateId[] }
  | { type: 'copy'; text: string };

export class Panels {
  readonly #app: App;
  readonly #open = new Set<PanelController>();

  constructor(app: App) {
    this.#app = app;
    app.connection.onLink(() => {
      for (const { frame } of this.#open) frame.linkChanged();
    });
  }

  /** What the active panel shows, if that is a candidate. */
  front(): { run: RunId; candidate: CandidateId } | null {
    const subject = this.#active()?.subject ?? null;
    return subject === null || subject.candidate === null ? null : { run: subject.run, candidate: subject.candidate };
  }

  frontRun(): RunId | null {
    return this.#active()?.subject?.run ?? null;
  }

  /**
   * Shows a panel: the one that shows this already; for trajectories, the one that is there; else a new one.
   * @param where `side`: in a panel of its own beside this one
   */
  async open(state: PanelState, where: 'here' | 'side' = 'here', settings?: RunSettings): Promise<void> {
    if (where === 'here' && this.#reuse(state, settings)) return;
    const panel = vscode.window.createWebviewPanel(
      panelViewTypes[state.kind],
      titles[state.kind](),
      { viewColumn: where === 'side' ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active, preserveFocus: false },
      webviewOptions(this.#app.context.extensionUri),
    );
    this.#adopt(panel, state, {
      isKept: where === 'side',
      isRestored: false,
      ...(settings === undefined ? {} : { settings }),
    });
  }

  /** A panel of the window before the reload. What it showed is all that is known of it. */
  async restore(panel: vscode.WebviewPanel, stored: unknown): Promise<void> {
    const kind = (Object.keys(panelViewTypes) as PanelKind[]).find((one) => panelViewTypes[one] === panel.viewType);
    const state = PanelState.safeParse(stored);
    if (!state.success || state.data.kind !== kind) {
      panel.dispose();
      return;
    }
    this.#adopt(panel, state.data, { isKept: false, isRestored: true });
  }

  /** A candidate was selected in the tree. */
  selected(run: RunId, candidate: CandidateId | null): void {
    for (const panel of this.#open) if (panel instanceof DashboardPanel && panel.run === run) panel.select(candidate);
  }

  /** What a panel asks for beside its own contents. */
  common(message: CommonMessage, subject: { run: RunId; candidate: CandidateId | null } | null): void {
    if (message.type === 'copy') {
      void vscode.env.clipboard.writeText(message.text);
      mention(l10n.t('Copied.'));
      return;
    }
    const run = message.run ?? subject?.run;
    // A panel that has lost its server wants this one back, not another.
    const command = message.command === 'connect' ? 'startServer' : message.command;
    void this.#app.runCommand(command, argumentsOf(run, message.candidates));
  }

  dispose(): void {
    for (const panel of this.#open) panel.dispose();
    this.#open.clear();
  }

  #active(): PanelController | undefined {
    return [...this.#open].find(({ frame }) => frame.isActive);
  }

  #reuse(state: PanelState, settings: RunSettings | undefined): boolean {
    for (const panel of this.#open) {
      if (state.kind === 'trajectory' && panel instanceof TrajectoryPanel && panel.isReusable) {
        panel.show(state.run, state.candidate);
        panel.frame.reveal(false);
        return true;
      }
      if (state.kind === 'start' && panel instanceof StartPanel) {
        panel.show(state.task, settings ?? remembered(this.#app.context.workspaceState).settings);
        panel.frame.reveal(false);
        return true;
      }
      if (keyOf(panel.state) === keyOf(state)) {
        panel.frame.reveal(false);
        return true;
      }
    }
    return false;
  }

  #adopt(panel: vscode.WebviewPanel, state: PanelState, how: HowOpened): void {
    const closed = () => void this.#open.delete(controller);
    const controller: PanelController = this.#make(panel, state, how, closed);
    this.#open.add(controller);
  }

  #make(panel: vscode.WebviewPanel, state: PanelState, how: HowOpened, closed: () => void): PanelController {
    switch (state.kind) {
      case 'trajectory':
        return new TrajectoryPanel(this.#app, panel, { ...state, isKept: how.isKept }, closed);
      case 'dashboard':
        return new DashboardPanel(this.#app, panel, state.run, closed);
      case 'compare':
        return new ComparePanel(this.#app, panel, state.runs, closed);
      case 'start': {
        const last = remembered(this.#app.context.workspaceState);
        const settings = how.settings ?? last.settings;
        return new StartPanel(
          this.#app,
          panel,
          { task: state.task ?? last.task, settings, isRestored: how.isRestored },
          closed,
        );
      }
    }
  }
}

interface HowOpened {
  /** To the side: it stays with what it shows. */
  isKept: boolean;
  /** After a reload of the window. */
  isRestored: boolean;
  settings?: RunSettings;
}

const titles: { [K in PanelKind]: () => string } = {
  trajectory: () => l10n.t('Trajectory'),
  dashboard: () => l10n.t('Run'),
  compare: () => l10n.t('Compare Runs'),
  start: () => l10n.t('Start Run'),
};

/** The same for two that show the same. */
function keyOf(state: PanelState): string {
  switch (state.kind) {
    case 'trajectory':
      return `trajectory ${state.run} ${state.candidate}`;
    case 'dashboard':
      return `dashboard ${state.run}`;
    case 'compare':
      return `compare ${[...state.runs].sort().join(' ')}`;
    case 'start':
      return 'start';
  }
}

/** As a row of the tree would hand them over: what was clicked, and all that are selected. */
function argumentsOf(run: RunId | undefined, candidates: readonly CandidateId[]): unknown[] {
  if (run === undefined) return [];
  const refs = candidates.map((candidate) => ({ run, candidate }));
  return refs.length === 0 ? [{ run }] : [refs[0], refs];
}
