/** Panels as the host leads them: what is opened twice, what a page is told and when, and what a lost link leaves behind. */
import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { beforeEach, test } from 'node:test';
import type { PanelState } from '../../../protocol/panels.ts';
import type { RunEvent, RunEventBody } from '../../../protocol/run.ts';
import type { RunFeedChange } from '../../../protocol/runFeed.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';
import { Listeners } from '../../../protocol/subscription.ts';
import { runStarted } from '../../../test/support/candidates.ts';
import type { App } from '../app.ts';
import type { FollowedChange } from '../runs/followedRuns.ts';
import { RunList } from '../runs/runList.ts';
import { candidate, summary, view } from '../runs/testRun.ts';
import { FollowedTrajectories, type TrajectorySource } from './followedTrajectories.ts';

/** In place of the editor's. */
class Panel {
  readonly viewType: string;
  title = '';
  visible = true;
  active = true;
  isRevealed = false;
  readonly posted: { type: string }[] = [];
  readonly #heard = new Listeners<unknown>();
  readonly #closed = new Listeners<void>();
  readonly webview = {
    options: {},
    html: '',
    cspSource: '',
    asWebviewUri: (uri: unknown) => uri,
    onDidReceiveMessage: (listener: (message: unknown) => void) => this.#heard.add(listener),
    postMessage: async (message: { type: string }) => this.posted.push(message),
  };

  constructor(viewType: string) {
    this.viewType = viewType;
    opened.push(this);
  }

  onDidChangeViewState = () => ({ dispose: () => undefined });
  onDidDispose = (listener: () => void) => this.#closed.add(listener);
  reveal = () => {
    this.isRevealed = true;
  };
  dispose = () => this.#closed.tell();

  say(message: unknown): void {
    this.#heard.tell(message);
  }

  /** What the page was told since, the link left out. */
  told(): { type: string }[] {
    return this.posted.splice(0).filter(({ type }) => type !== 'link');
  }
}

const opened: Panel[] = [];
Object.assign(globalThis, { openPanel: (viewType: string) => new Panel(viewType) });
const editor = `export const Uri = { joinPath: (...parts) => parts.join('/') };
export const ViewColumn = { Active: -1, Beside: -2 };
export const env = { language: 'en' };
export const l10n = { bundle: undefined };
export const window = { createWebviewPanel: openPanel };`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vscode'
      ? { url: `data:text/javascript,${encodeURIComponent(editor)}`, shortCircuit: true }
      : next(specifier, context),
});
const { Panels } = await import('./panels.ts');

beforeEach(() => {
  opened.length = 0;
});

/** All that was begun has come to its end: nothing here waits for a clock. */
async function settled(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
const [one, two] = ['20260101-000000-toy-aa01', '20260101-000000-toy-aa02'];

function logOf(...bodies: RunEventBody[]): RunEvent[] {
  return [runStarted(), ...bodies].map((body, index) => ({ seq: index + 1, at: index * 1000, body }));
}

/** A window and its server, as far as panels look at them. */
function windowWith({ isRunning = true } = {}) {
  const changes = new Listeners<FollowedChange>();
  const reconnected = new Set<() => Promise<unknown>>();
  const asked: string[] = [];
  const server = { log: logOf(), follow: async (): Promise<unknown> => undefined };
  const answers: Record<string, (params: { sinceSeq: number }) => unknown> = {
    'run.events': ({ sinceSeq }) => ({ events: server.log.slice(sinceSeq), lastSeq: server.log.length }),
    'runs.list': () => ({ runs: [summary({ id: one })], problems: [] }),
    'trajectory.page': () => ({ items: [], total: 0 }),
    'models.offered': () => ({ models: [] }),
  };
  const client = {
    request: async (method: string, params: { sinceSeq: number }) => {
      asked.push(method);
      return answers[method]?.(params) ?? {};
    },
    on: () => ({ dispose: () => undefined }),
    keep: (act: () => Promise<unknown>) => {
      reconnected.add(act);
      return { dispose: () => undefined };
    },
  };
  const source: TrajectorySource = {
    page: async () => [],
    follow: () => server.follow(),
    unfollow: (run, id) => asked.push(`unfollow ${run} ${id}`),
    onItems: () => ({ dispose: () => undefined }),
    onConnected: () => ({ dispose: () => undefined }),
  };
  const views = new Map([one, two].map((run) => [run, view([candidate(1), candidate(2)], { id: run })]));
  const runs = new RunList();
  const trajectories = new FollowedTrajectories();
  trajectories.attach(source);
  const app = {
    context: { extensionUri: '', workspaceState: { get: () => undefined } },
    log: { warn: (message: string) => asked.push(message) },
    connection: {
      link: { kind: isRunning ? 'connected' : 'absent' },
      machine: 'here',
      onLink: () => undefined,
      look: async () => void asked.push('look'),
      get: () => {
        if (!isRunning) throw new Error('no agent server is running');
        return client;
      },
      need: async () => {
        asked.push('need');
        return client;
      },
    },
    runs,
    followed: {
      hold: () => ({ dispose: () => undefined }),
      ready: async (run: string) => views.get(run),
      view: (run: string) => views.get(run) ?? null,
      onChange: (listener: (change: FollowedChange) => void) => changes.add(listener),
    },
    trajectories,
    slots: {
      onChange: () => ({ dispose: () => undefined }),
      watch: () => ({ dispose: () => undefined }),
      of: () => [],
    },
    references: { title: async () => 'Toy', lines: async () => [] },
    tasksView: { listings: async () => [] },
    keys: { known: async () => [] },
    views: { runs: { selection: [] } },
    setMachine: () => undefined,
  };
  const panels = new Panels(app as unknown as App);
  const open = async (state: PanelState) => {
    await panels.open(state);
    opened.at(-1)?.say({ type: 'ready' });
    await settled();
    return opened.at(-1) as Panel;
  };
  return {
    panels,
    open,
    runs,
    client: client as unknown as AgentServerClient,
    server,
    asked,
    views,
    change: (run: string, change: RunFeedChange) => changes.tell({ run, change }),
    connected: () => Promise.all([...reconnected].map((act) => act())),
  };
}

test('what is shown already is shown again, and opened once', async () => {
  const { panels, open } = windowWith();
  const states: PanelState[] = [
    { kind: 'compare', runs: [one, two] },
    { kind: 'dashboard', run: one },
    { kind: 'dashboard', run: two },
  ];
  for (const state of states) await open(state);
  assert.equal(opened.length, 3);
  for (const state of states) await panels.open(state);
  await panels.open({ kind: 'compare', runs: [two, one] });
  assert.equal(opened.length, 3);
  assert.ok(opened.every(({ isRevealed }) => isRevealed));

  opened[0]?.say({ type: 'runs', runs: [two] });
  await panels.open({ kind: 'compare', runs: [two] });
  assert.equal(opened.length, 3, 'as the person has changed it');
  await panels.open({ kind: 'compare', runs: [one, two] });
  assert.equal(opened.length, 4);
});

test('a comparison is drawn anew after a lost link: a run that ended meanwhile does not stay as it was', async () => {
  const { open, runs, client, server, connected, asked } = windowWith();
  runs.attach(client);
  const panel = await open({ kind: 'compare', runs: [one] });
  const stateOf = (messages: readonly unknown[]) =>
    (messages as { runs: { summary: { state: string } }[] }[]).flatMap((message) =>
      message.runs.map((run) => run.summary.state),
    );
  assert.deepEqual(stateOf(panel.told()), ['running']);
  server.log = logOf({ type: 'run_finished', reason: 'stopped' });
  await connected();
  await settled();
  assert.deepEqual(stateOf(panel.told()), ['finished']);

  asked.length = 0;
  runs.attach(null);
  await settled();
  assert.deepEqual(asked, [], 'a server that was let go of is not looked for');
});

test('a trajectory that takes the place of another begins with its own reset', async () => {
  const { panels, open, change, views } = windowWith();
  const panel = await open({ kind: 'trajectory', run: one, candidate: 1 });
  const [first, second] = [views.get(one), views.get(two)];
  assert.ok(first && second);
  assert.deepEqual(
    panel.told().map(({ type }) => type),
    ['reset'],
  );
  change(one, { kind: 'summary', view: first });
  assert.deepEqual(
    panel.told().map(({ type }) => type),
    ['candidate'],
  );

  await panels.open({ kind: 'trajectory', run: two, candidate: 2 });
  change(two, { kind: 'reset', view: second });
  await settled();
  const told = panel.told();
  assert.deepEqual(
    told.map(({ type }) => type),
    ['reset'],
  );
  assert.equal((told[0] as unknown as { candidate: { id: number } }).candidate.id, 2);
});

test('a trajectory that could not be followed is let go of with its panel', async () => {
  const { open, server, asked } = windowWith();
  server.follow = () => Promise.reject(new Error('the connection is closed'));
  const panel = await open({ kind: 'trajectory', run: one, candidate: 1 });
  assert.equal(asked.at(-1), 'trajectory: the connection is closed');
  panel.dispose();
  assert.equal(asked.at(-1), `unfollow ${one} 1`);
});

test('a form that came back with the window starts no server, until a person asks for it', async () => {
  const { panels, asked } = windowWith({ isRunning: false });
  const panel = new Panel('aira2.start');
  await panels.restore(panel as never, { kind: 'start', task: null });
  panel.say({ type: 'ready' });
  await settled();
  assert.deepEqual(
    panel.told().map(({ type }) => type),
    ['failed'],
  );
  assert.ok(!asked.includes('need'));
  await panels.open({ kind: 'start', task: null });
  await settled();
  assert.deepEqual(
    panel.told().map(({ type }) => type),
    ['reset'],
  );
});
