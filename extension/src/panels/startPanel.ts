/** The host's side of the form with everything that a run can be given. */
import type * as vscode from 'vscode';
import type { RunSettings } from '../../../protocol/client.ts';
import { FromStartPanel, type ToStartPanel } from '../../../protocol/panels.ts';
import type { App } from '../app.ts';
import { explain } from '../commands/failure.ts';
import { askKey } from '../commands/modelCommands.ts';
import { keyProviders } from '../keys/modelKeys.ts';
import { l10n } from '../localisation.ts';
import { launch } from '../startRun/startRun.ts';
import { attempt, type PanelController, windowOf } from './panelContext.ts';
import { PanelFrame } from './panelFrame.ts';

export class StartPanel implements PanelController {
  readonly subject = null;
  readonly frame: PanelFrame<FromStartPanel, ToStartPanel>;
  readonly #app: App;
  /** It came back with the window, and nobody has asked for it since. */
  #isRestored: boolean;
  #task: string | null;
  #settings: RunSettings;
  #isStarting = false;

  constructor(
    app: App,
    panel: vscode.WebviewPanel,
    shown: { task: string | null; settings: RunSettings; isRestored: boolean },
    closed: () => void,
  ) {
    this.#app = app;
    this.#isRestored = shown.isRestored;
    this.#task = shown.task;
    this.#settings = shown.settings;
    this.frame = new PanelFrame<FromStartPanel, ToStartPanel>({
      ...windowOf(app),
      panel,
      kind: 'start',
      schema: FromStartPanel,
      receive: (message) => this.#receive(message),
      fill: (isWanted) => this.#fill(isWanted),
      visibility: () => undefined,
      closed,
    });
  }

  get state() {
    return { kind: 'start' as const, task: this.#task };
  }

  /** Fills the form anew. */
  show(task: string | null, settings: RunSettings): void {
    this.#isRestored = false;
    this.#task = task;
    this.#settings = settings;
    this.frame.fill();
  }

  dispose(): void {
    // Holds nothing beside its panel.
  }

  #receive(message: Exclude<FromStartPanel, { type: 'ready' }>): void {
    switch (message.type) {
      case 'plan':
        this.#task = message.task;
        this.#settings = message.settings;
        this.#plan(message.number);
        return;
      case 'test':
        this.#test(message.model);
        return;
      case 'setKey':
        this.#setKey(message.provider);
        return;
      case 'start':
        this.#start(message.task, message.settings);
        return;
      default:
        this.#app.panels.common(message, null);
    }
  }

  #fill(isWanted: () => boolean): void {
    this.#answer(async () => {
      // After a reload nobody has asked for a server: one that is there will do.
      if (this.#isRestored) await this.#app.connection.look();
      const client = this.#isRestored ? this.#app.connection.get() : await this.#app.connection.need();
      const [tasks, machine, { models }] = await Promise.all([
        this.#app.tasksView.listings(client),
        client.request('machine.get', {}),
        client.request('models.offered', {}),
      ]);
      this.#app.setMachine(machine);
      const keys = await this.#app.keys.known(machine);
      if (!isWanted()) return;
      this.frame.reset({
        type: 'reset',
        tasks: [...tasks],
        task: this.#task,
        settings: this.#settings,
        machine,
        offered: models,
        keys,
      });
    });
  }

  #plan(number: number): void {
    const task = this.#task ?? '';
    attempt(this.#app, 'plan', async () => {
      try {
        const client = await this.#app.connection.need();
        const plan = await client.request('run.plan', { task, settings: this.#settings });
        this.frame.post({ type: 'plan', number, plan });
      } catch (error) {
        this.frame.post({ type: 'problem', number, message: explain(error).message });
      }
    });
  }

  #test(model: string): void {
    attempt(this.#app, 'model test', async () => {
      try {
        const client = await this.#app.connection.need();
        this.frame.post({ type: 'tested', report: await client.request('model.test', { model }) });
      } catch (error) {
        this.frame.post({ type: 'tested', report: { ok: false, kind: 'failed', message: explain(error).message } });
      }
    });
  }

  #setKey(name: string): void {
    const provider = keyProviders.find((one) => one === name);
    if (provider === undefined) return;
    this.#answer(async () => {
      if (await askKey(this.#app, provider))
        this.frame.post({ type: 'keys', keys: await this.#app.keys.known(this.#app.machine) });
    });
  }

  #start(task: string, settings: RunSettings): void {
    if (this.#isStarting) return;
    if (!this.#app.isTrusted()) {
      this.frame.post({ type: 'failed', message: l10n.t('Starting a run needs a trusted workspace.') });
      return;
    }
    this.#isStarting = true;
    this.frame.post({ type: 'starting', message: l10n.t('Starting …') });
    const progress = this.#app.onProgress((message) => this.frame.post({ type: 'starting', message }));
    this.#answer(async () => {
      try {
        const run = await launch(this.#app, task, settings);
        if (run === undefined) this.frame.post({ type: 'failed', message: l10n.t('It was not started.') });
        else this.frame.close();
      } finally {
        this.#isStarting = false;
        progress.dispose();
      }
    });
  }

  #answer(act: () => Promise<void>): void {
    act().catch((error: unknown) => this.frame.post({ type: 'failed', message: explain(error).message }));
  }
}
