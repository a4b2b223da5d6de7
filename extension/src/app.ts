/**
 * Everything that lives as long as the window: the connection, what is known through it, the views and panels on it. Made when
 * VS Code first asks for any of it; it starts nothing by itself.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { MachineFacts } from '../../protocol/clientViews.ts';
import type { CandidateId, RunId } from '../../protocol/run.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';
import { Listeners, type Subscription } from '../../protocol/subscription.ts';
import { commandTable } from './commands/commandTable.ts';
import { CannotError, explain } from './commands/failure.ts';
import { chosenPlace, chosenRoute, home } from './connection/chosenRoute.ts';
import { Connection } from './connection/connection.ts';
import { type Build, buildOf } from './connection/serverBundle.ts';
import { StatusBar } from './connection/statusBar.ts';
import { UpgradeOffer } from './connection/upgradeOffer.ts';
import { type CommandName, commandId, trustedCommands, View } from './ids.ts';
import { ModelKeys } from './keys/modelKeys.ts';
import { EditorModels } from './languageModels/editorModels.ts';
import { LanguageModelTools } from './languageModels/tools.ts';
import { l10n, useTranslations } from './localisation.ts';
import { openLink } from './openLink.ts';
import { FollowedTrajectories, trajectoriesOf } from './panels/followedTrajectories.ts';
import { Panels } from './panels/panels.ts';
import type { ProgramContents } from './program/changedFiles.ts';
import { ProgramFiles } from './program/programFiles.ts';
import { CandidateDecorations } from './runs/decorations.ts';
import { FollowedRuns } from './runs/followedRuns.ts';
import { RunList } from './runs/runList.ts';
import { RunNotices } from './runs/runNotices.ts';
import type { RunsNode } from './runs/runsTree.ts';
import { RunsView } from './runs/runsView.ts';
import { TaskDiagnostics } from './tasks/diagnostics.ts';
import { References } from './tasks/references.ts';
import type { TasksNode } from './tasks/tasksTree.ts';
import { TasksView } from './tasks/tasksView.ts';
import { notify } from './ui/notify.ts';
import { setContext } from './views/contexts.ts';
import { withProgress } from './views/progress.ts';
import { setting } from './views/settings.ts';
import { TextDocuments } from './views/textDocuments.ts';
import { ViewTitles } from './views/viewTitles.ts';
import { SlotBoard } from './workers/slotBoard.ts';
import type { WorkersNode } from './workers/workersTree.ts';
import { WorkersView } from './workers/workersView.ts';

export interface Views {
  runs: vscode.TreeView<RunsNode>;
  workers: vscode.TreeView<WorkersNode>;
  tasks: vscode.TreeView<TasksNode>;
}

export class App {
  readonly context: vscode.ExtensionContext;
  readonly views: Views;
  readonly log: vscode.LogOutputChannel;
  /** Which code this window brings; a server of another build can be replaced by it. */
  readonly build: Build;
  readonly connection: Connection;
  readonly keys: ModelKeys;
  readonly runs = new RunList();
  readonly followed = new FollowedRuns();
  readonly trajectories = new FollowedTrajectories();
  readonly slots = new SlotBoard();
  readonly documents = new TextDocuments();
  readonly diagnostics = new TaskDiagnostics();
  readonly programs: ProgramFiles;
  readonly references: References;
  readonly editorModels: EditorModels;
  readonly tools: LanguageModelTools;
  readonly panels: Panels;
  readonly runsView: RunsView;
  readonly workersView: WorkersView;
  readonly tasksView: TasksView;
  readonly #titles: ViewTitles;
  readonly #progress = new Listeners<{ operation: string; message: string }>();
  readonly #owned: { dispose(): unknown }[];
  #machine: MachineFacts | null = null;

  constructor(context: vscode.ExtensionContext, views: Views) {
    useTranslations(vscode.l10n.bundle);
    this.context = context;
    this.views = views;
    this.log = vscode.window.createOutputChannel('AIRA2', { log: true });
    this.build = buildOf(context.extensionPath, String(context.extension.packageJSON.version));
    this.connection = new Connection({
      route: () => chosenRoute(context, this.log),
      name: vscode.workspace.name ?? vscode.env.appName,
      build: this.build.name,
      log: { warn: (message) => this.log.warn(message) },
    });
    this.keys = new ModelKeys(context.secrets, chosenPlace);
    this.programs = new ProgramFiles(() => this.#connected());
    this.references = new References(() => this.connection.client);
    this.editorModels = new EditorModels(context, () => this.connection.need());
    this.tools = new LanguageModelTools(this);
    const decorations = new CandidateDecorations(this.followed, () => this.runsView.marked);
    const onFirstSeen = () => this.#look();
    this.runsView = new RunsView({
      view: views.runs,
      list: this.runs,
      followed: this.followed,
      order: setting('runs.order'),
      onFirstSeen,
      machine: () => this.connection.machine,
      decorate: (run, candidates) => decorations.changed(run, candidates),
    });
    this.workersView = new WorkersView(views.workers, this.slots, this.runs, onFirstSeen);
    this.tasksView = new TasksView({
      view: views.tasks,
      folders: () => taskFolders(this.connection.isLocal),
      onFirstSeen,
      warn: (message) => this.log.warn(message),
    });
    this.panels = new Panels(this);
    this.#titles = new ViewTitles(this.connection, this.runs, views);
    this.#owned = [
      this.connection.onClient((client) => this.#attach(client)),
      this.connection.onLink(() => this.#linkChanged()),
      this.runs.onChange(() =>
        setContext('aira2.hasRuns', [...this.runs.all()].length + this.runs.problems.length > 0),
      ),
      new StatusBar(this.connection, this.runs),
      new RunNotices(this.runs, this.followed),
      new UpgradeOffer(this.connection, this.build),
      decorations,
      this.#titles,
      this.runsView,
      this.workersView,
      this.tasksView,
      this.panels,
      this.editorModels,
      this.documents,
      this.diagnostics,
      this.followed,
      views.runs.onDidChangeSelection(({ selection }) => this.#selected(selection)),
      vscode.workspace.onDidChangeConfiguration((event) => this.#configurationChanged(event)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.connection.look()),
      vscode.workspace.onDidSaveTextDocument((document) => this.#saved(document)),
      this.log,
    ];
    this.#linkChanged();
  }

  /** Of the server's machine; null before it has told. */
  get machine(): MachineFacts | null {
    return this.#machine;
  }

  get home(): string {
    return home();
  }

  /** Where working copies lie. */
  get storage(): string {
    return this.context.globalStorageUri.fsPath;
  }

  isTrusted(): boolean {
    return vscode.workspace.isTrusted;
  }

  /** Runs a command. What goes wrong is told, with what can be done about it. */
  async runCommand(name: CommandName, args: readonly unknown[]): Promise<void> {
    try {
      if (trustedCommands.has(name) && !this.isTrusted())
        throw new CannotError(l10n.t('This needs a trusted workspace: it would run programs.'));
      await commandTable[name](this, args);
    } catch (error) {
      await this.#tell(name, error);
    }
  }

  /** Progress in a view for as long as it takes. */
  inView<T>(viewId: string, message: string, act: () => Promise<T>): Promise<T> {
    return this.#titles.during(message, () =>
      Promise.resolve(vscode.window.withProgress({ location: { viewId } }, act)),
    );
  }

  /** A long request to the server, with its steps as they come: in the view where that is open, else as a notification. */
  withProgress<T>(
    title: string,
    act: (client: AgentServerClient, operation: string, signal: AbortSignal) => Promise<T>,
    viewId: string = View.runs,
  ): Promise<T> {
    const view = Object.values(this.views).find((one) => one.visible) === undefined ? null : viewId;
    return withProgress(
      { title, viewId: view, steps: this.#progress, say: (message) => this.#titles.say(message) },
      async (operation, signal) => act(await this.connection.need(), operation, signal),
    );
  }

  /** Steps of whatever is under way. */
  onProgress(listener: (message: string) => void): Subscription {
    return this.#progress.add(({ message }) => listener(message));
  }

  setMachine(machine: MachineFacts): void {
    this.#machine = machine;
    setContext('aira2.pythonMissing', machine.pythonProblem !== null);
  }

  /** Connects if need be. Without Python, `offer` is asked; false: it is still missing. */
  async hasPython(offer: () => Promise<boolean>): Promise<boolean> {
    const machine = await this.inView(View.runs, l10n.t('Connecting …'), async () =>
      (await this.connection.need()).request('machine.get', {}),
    );
    this.setMachine(machine);
    return machine.pythonProblem === null || offer();
  }

  /** Every file of a program. */
  async readProgram(run: RunId, candidate: CandidateId): Promise<ProgramContents> {
    const entries = await this.programs.list(run, candidate);
    const contents = await Promise.all(entries.map(({ path }) => this.programs.read(run, candidate, path)));
    return new Map(entries.map(({ path }, index) => [path, contents[index] ?? new Uint8Array()]));
  }

  async showNewRun(run: RunId): Promise<void> {
    await vscode.commands.executeCommand(`${View.runs}.focus`);
    await this.runs.refresh(this.connection.get());
    await this.runsView.reveal(run, null);
    // It may have been prepared for this run.
    this.tasksView.refresh();
  }

  /** Opens a run or candidate again, here or in another editor that reaches the same server. */
  linkTo(run: RunId, candidate: CandidateId | null): string {
    const query = candidate === null ? `id=${run}` : `id=${run}&candidate=${candidate}`;
    return `${vscode.env.uriScheme}://${this.context.extension.id}/run?${query}`;
  }

  openUri(uri: vscode.Uri): Promise<void> {
    return openLink(this, uri);
  }

  /** What the views say above their rows. */
  drawMessages(): void {
    this.#titles.filter(this.runsView.tree.filter);
  }

  async dispose(): Promise<void> {
    for (const one of this.#owned) await one.dispose();
    await this.connection.dispose();
  }

  /** A view is seen for the first time: a server that is there is connected with; one with runs to show is started. */
  async #look(): Promise<void> {
    await this.connection.look();
    const hasRuns = this.connection.isLocal && this.isTrusted() && isDirectoryWithEntries(join(this.home, 'runs'));
    if (this.connection.link.kind !== 'absent' || !hasRuns) return;
    await this.runCommand('startServer', []);
  }

  async #connected(): Promise<AgentServerClient> {
    await this.connection.look();
    return this.connection.get();
  }

  #attach(client: AgentServerClient | null): void {
    this.references.forget();
    this.programs.forget();
    this.#machine = null;
    if (client !== null) {
      this.keys.attach(client);
      client.on('progress', (progress) => this.#progress.tell(progress));
      client.on('run.deleted', ({ run }) => this.slots.forget(run));
      client.keep(async () => this.setMachine(await client.request('machine.get', {})));
    }
    this.editorModels.attach(client);
    this.followed.attach(client);
    this.trajectories.attach(client === null ? null : trajectoriesOf(client));
    this.slots.attach(client);
    this.runs.attach(client);
    this.tasksView.attach(client);
  }

  #linkChanged(): void {
    const { link, isLocal } = this.connection;
    setContext('aira2.link', link.kind);
    setContext('aira2.elsewhere', !isLocal);
    if (link.kind === 'failed') this.log.error(link.error.message);
    if (link.kind === 'lost') this.log.warn(`the link is lost: ${link.reason}`);
  }

  #selected(selection: readonly RunsNode[]): void {
    const [node] = selection;
    if (selection.length === 1 && node?.kind === 'candidate') this.panels.selected(node.run, node.candidate);
  }

  #configurationChanged(event: vscode.ConfigurationChangeEvent): void {
    const changed = (name: string) => event.affectsConfiguration(`aira2.${name}`);
    if (changed('runs.order')) this.runsView.arrange(setting('runs.order'), this.runsView.tree.filter);
    if (changed('tasks.folders')) this.tasksView.refresh();
    if (changed('server') || changed('home')) void this.connection.reroute().then(() => this.connection.look());
  }

  /** A manifest with mistakes is validated again when it is saved. */
  #saved(document: vscode.TextDocument): void {
    if (document.uri.scheme !== 'file' || !this.diagnostics.has(document.uri.fsPath)) return;
    const { client } = this.connection;
    client?.request('task.validate', { task: document.uri.fsPath }).then(
      ({ problems }) => this.diagnostics.set(document.uri.fsPath, problems),
      (error: unknown) => this.log.warn(explain(error).message),
    );
  }

  async #tell(name: CommandName, error: unknown): Promise<void> {
    const { message, severity, actions } = explain(error);
    this.log[severity === 'error' ? 'error' : 'warn'](
      `${name}: ${error instanceof Error ? (error.stack ?? error.message) : message}`,
    );
    const labels = new Map(actions.filter((action) => action !== name).map((action) => [actionLabel(action), action]));
    const chosen = await notify(severity, message, ...labels.keys());
    const action = chosen === undefined ? undefined : labels.get(chosen);
    if (action !== undefined) await vscode.commands.executeCommand(commandId(action));
  }
}

/** Of the buttons under messages. */
function actionLabel(command: CommandName): string {
  const labels: { [N in CommandName]?: string } = {
    setModelKey: l10n.t('Set Key…'),
    setUpEnvironment: l10n.t('Set Up Python'),
    doctor: l10n.t('Check This Machine'),
    restartServer: l10n.t('Restart Server…'),
    showServerLog: l10n.t('Show Log'),
    retryConnection: l10n.t('Try Again'),
    startRun: l10n.t('Start Run'),
    editAndSubmit: l10n.t('Edit and Submit'),
    connect: l10n.t('Connect to Server…'),
  };
  return labels[command] ?? command;
}

/** Folders that may hold tasks, as paths of the server's machine. An untrusted workspace's manifests are not read. */
function taskFolders(isLocal: boolean): string[] {
  const given = setting('tasks.folders');
  const workspace = isLocal && vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
  const own = workspace.filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
  return [...new Set([...own, ...given])].slice(0, 64);
}

function isDirectoryWithEntries(path: string): boolean {
  return existsSync(path) && readdirSync(path).length > 0;
}
