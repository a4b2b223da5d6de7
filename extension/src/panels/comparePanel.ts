/** The host's side of the comparison of runs on one task. */
import type * as vscode from 'vscode';
import { type ComparedRun, FromComparePanel, type ToComparePanel } from '../../../protocol/panels.ts';
import type { RunId, RunSummary } from '../../../protocol/run.ts';
import type { Subscription } from '../../../protocol/subscription.ts';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import type { RunListChange } from '../runs/runList.ts';
import { ComparedRunReader } from './comparedRuns.ts';
import { attempt, type PanelController, windowOf } from './panelContext.ts';
import { PanelFrame } from './panelFrame.ts';

/** Of a run that goes on. */
const refreshMs = 2000;

export class ComparePanel implements PanelController {
  readonly frame: PanelFrame<FromComparePanel, ToComparePanel>;
  readonly #app: App;
  readonly #changes: Subscription;
  readonly #readers = new Map<RunId, ComparedRunReader>();
  readonly #stale = new Set<RunId>();
  #runs: RunId[];
  #timer: NodeJS.Timeout | null = null;

  constructor(app: App, panel: vscode.WebviewPanel, runs: readonly RunId[], closed: () => void) {
    this.#app = app;
    this.#runs = [...runs];
    this.#changes = app.runs.onChange((change) => this.#listChanged(change));
    this.frame = new PanelFrame<FromComparePanel, ToComparePanel>({
      ...windowOf(app),
      panel,
      kind: 'compare',
      schema: FromComparePanel,
      receive: (message) => this.#receive(message),
      fill: (isWanted) => this.#fill(isWanted),
      visibility: () => undefined,
      closed: () => {
        this.dispose();
        closed();
      },
    });
  }

  get subject() {
    return null;
  }

  get state() {
    return { kind: 'compare' as const, runs: this.#runs };
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#changes.dispose();
    this.#readers.clear();
  }

  #receive(message: Exclude<FromComparePanel, { type: 'ready' }>): void {
    switch (message.type) {
      case 'runs':
        this.#runs = message.runs;
        this.frame.fill();
        return;
      default:
        this.#app.panels.common(message, null);
    }
  }

  #fill(isWanted: () => boolean): void {
    attempt(this.#app, 'comparison', async () => {
      await this.#app.connection.look();
      const client = this.#app.connection.get();
      const runs = await Promise.all(
        this.#runs.map((run) =>
          this.#reader(run)
            .read(client)
            .catch(() => null),
        ),
      );
      const compared = runs.filter((run): run is ComparedRun => run !== null);
      const task = compared[0]?.summary.config.task;
      const version = compared[0]?.summary.config.taskVersion ?? 1;
      const [title, references] =
        task === undefined
          ? [l10n.t('Runs'), []]
          : await Promise.all([this.#app.references.title(task, version), this.#app.references.lines(task, version)]);
      if (!isWanted()) return;
      for (const run of [...this.#readers.keys()]) if (!this.#runs.includes(run)) this.#readers.delete(run);
      this.frame.reset({ type: 'reset', title, runs: compared, available: this.#available(task), references });
    });
  }

  #available(task: string | undefined): RunSummary[] {
    return [...this.#app.runs.all()].filter(({ config }) => task === undefined || config.task === task);
  }

  #reader(run: RunId): ComparedRunReader {
    const reader = this.#readers.get(run) ?? new ComparedRunReader(run);
    this.#readers.set(run, reader);
    return reader;
  }

  #listChanged(change: RunListChange): void {
    // After a lost link: nobody was told what changed meanwhile. A list that is not known comes without a server to read from.
    if (change.kind === 'reset' && this.#app.runs.isKnown && this.frame.isFilled) this.frame.fill();
    if (change.kind !== 'changed' || !this.#runs.includes(change.summary.id) || !this.frame.isListening) return;
    this.#stale.add(change.summary.id);
    this.#timer ??= setTimeout(() => this.#refresh(), refreshMs);
  }

  #refresh(): void {
    this.#timer = null;
    const isWanted = this.frame.whileShown();
    const runs = [...this.#stale];
    this.#stale.clear();
    attempt(this.#app, 'comparison', async () => {
      const client = this.#app.connection.get();
      for (const id of runs) {
        const run = await this.#reader(id).read(client);
        if (isWanted()) this.frame.post({ type: 'run', run });
      }
    });
  }
}
