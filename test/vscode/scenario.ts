/**
 * A scenario: a VS Code with the packaged extension, a folder, and a home of the agent server, for one test alone. It leaves
 * a picture of the window behind, and where it fails also what was on the screen and in the logs.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { execa } from 'execa';
import { projectRoot } from '../../scripts/setup/environment.ts';
import { Workbench } from './pages/workbench.ts';
import { extensionPackage, vscodeTarget } from './setUp.ts';
import { endProcessesOf } from './target/processes.ts';
import { type Instance, quietSettings, type Target } from './target/target.ts';

/** A scenario takes half a minute where nothing else runs. */
const scenarioDeadlineMs = 480_000;
/** Pictures and stories of failures; git ignores it. */
const outputFolder = process.env.AIRA2_TEST_OUTPUT ?? join(projectRoot, 'test-output', 'vscode');

export interface ScenarioOptions {
  /** Files of the folder that is opened, by path. Default: a short README. null opens no folder. */
  files?: Record<string, string> | null;
  /** The user's settings, over those that make VS Code quiet. */
  settings?: Record<string, unknown>;
  /** Environment of VS Code and all that it starts; null takes a variable away. */
  environment?: Record<string, string | null>;
  /** True: VS Code asks whether the folder is trusted. */
  asksForTrust?: boolean;
  /** Built-in tasks that are prepared already, by their folder's name, e.g. `diamonds@1`. */
  preparedTasks?: readonly string[];
  /** Called before VS Code starts, e.g. to put a stored run into the home. */
  before?: (place: Place) => Promise<void>;
  /** Milliseconds. Default: eight minutes. */
  deadlineMs?: number;
}

/** Where a scenario takes place. */
export interface Place {
  /** The folder that is opened; it is there also where no folder is opened. */
  workspace: string;
  /** AIRA2_HOME of the agent server. */
  home: string;
  /** Home directory of the person. */
  userHome: string;
  /** The packed extension that is installed. */
  vsix: string;
  target: Target;
}

export interface Stage extends Place {
  vscode: Workbench;
  /** Takes a picture: test-output/vscode/<name>.png. */
  picture(name: string): Promise<void>;
}

/**
 * A test named by a sentence about what the person sees. The window is ready when `play` is called; a last picture, named
 * after the scenario, is taken when it is over.
 */
export function scenario(name: string, options: ScenarioOptions, play: (stage: Stage) => Promise<void>): void {
  const timeout = options.deadlineMs ?? scenarioDeadlineMs;
  test(name, { timeout }, async () => {
    // Short: the paths of sockets below have about 100 characters.
    const root = await mkdtemp(join(tmpdir(), 'a2-'));
    const userHome = join(root, 'home');
    try {
      const place = await prepare(root, userHome, options);
      await options.before?.(place);
      const instance = await place.target.launch({
        root,
        workspace: options.files === null ? null : place.workspace,
        vsix: place.vsix,
        settings: { ...quietSettings, ...options.settings },
        environment: environmentOf(place, options.environment),
        asksForTrust: options.asksForTrust ?? false,
      });
      try {
        await playOn(instance, place, name, play);
      } finally {
        await instance.dispose();
      }
    } finally {
      await endProcessesOf(userHome);
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
  });
}

async function playOn(
  instance: Instance,
  place: Place,
  name: string,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const vscode = new Workbench(instance);
  const picture = async (title: string) => {
    const path = join(outputFolder, `${fileName(title)}.png`);
    await mkdir(dirname(path), { recursive: true });
    await vscode.page.screenshot({ path });
  };
  try {
    await vscode.ready();
    await play({ ...place, vscode, picture });
    await picture(name);
  } catch (error) {
    await picture(`failed ${name}`).catch(() => undefined);
    const shown = await vscode.page
      .locator('body')
      .ariaSnapshot({ timeout: 5_000 })
      .catch((reason: Error) => `(nothing could be read: ${reason.message})`);
    const story = `On the screen:\n${shown}\n\nVS Code wrote:\n${instance.log()}\n`;
    await writeFile(join(outputFolder, `${fileName(`failed ${name}`)}.txt`), story);
    console.error(story);
    throw error;
  }
}

async function prepare(root: string, userHome: string, options: ScenarioOptions): Promise<Place> {
  const workspace = join(root, 'work');
  const home = join(userHome, '.aira2');
  await mkdir(join(home, 'tasks'), { recursive: true });
  for (const [path, text] of Object.entries(options.files ?? { 'README.md': '# Work\n' })) {
    const file = join(workspace, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await mkdir(workspace, { recursive: true });
  const testHome = process.env.AIRA2_TEST_HOME ?? join(projectRoot, '.aira2-test');
  // As it is, modes included: the private part is for the scoring process alone.
  for (const task of options.preparedTasks ?? [])
    await execa('cp', ['-a', join(testHome, 'tasks', task), join(home, 'tasks')], { timeout: 60_000 });
  const [target, vsix] = await Promise.all([vscodeTarget(), extensionPackage()]);
  return { workspace, home, userHome, vsix, target };
}

function environmentOf(place: Place, changes: ScenarioOptions['environment'] = {}): Record<string, string> {
  const environment: Record<string, string | null> = {
    PATH: process.env.PATH ?? '',
    HOME: place.userHome,
    AIRA2_HOME: place.home,
    AIRA2_VENV: process.env.AIRA2_VENV ?? join(projectRoot, '.venv'),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    ...(process.env.DISPLAY === undefined ? {} : { DISPLAY: process.env.DISPLAY }),
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

function fileName(title: string): string {
  return title
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .toLowerCase()
    .slice(0, 100);
}
