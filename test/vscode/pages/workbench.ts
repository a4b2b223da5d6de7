/** The whole window, and the way to each part of it. Scenarios start here. */
import type { Locator, Page } from 'playwright-core';
import type { Instance } from '../target/target.ts';
import { CommandPalette } from './commandPalette.ts';
import { Editors } from './editors.ts';
import { Dialog, Notifications } from './notifications.ts';
import { QuickInput } from './quickInput.ts';
import { StatusBar } from './statusBar.ts';
import { TreeView } from './treeView.ts';
import { patienceMs, until, untilDone } from './until.ts';
import { Webviews } from './webviews.ts';

/** Extensions that start later than this after each other are no part of the start, milliseconds. */
const quietForMs = 3_000;

export class Workbench {
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  /** The page of the window; another one after the window was closed and opened again. */
  get page(): Page {
    return this.#instance.page;
  }

  get quickInput(): QuickInput {
    return new QuickInput(this.page);
  }

  get palette(): CommandPalette {
    return new CommandPalette(this.page, this.quickInput);
  }

  get editors(): Editors {
    return new Editors(this.page);
  }

  get notifications(): Notifications {
    return new Notifications(this.page);
  }

  get dialog(): Dialog {
    return new Dialog(this.page);
  }

  get statusBar(): StatusBar {
    return new StatusBar(this.page);
  }

  get webviews(): Webviews {
    return new Webviews(this.page);
  }

  /** A tree by the name of its view. Its container has to be open: see `openContainer`. */
  tree(view: string): TreeView {
    return new TreeView(this.page, view);
  }

  /** Waits until the window can be used, with the Chat side bar, which opens by itself in some versions, out of the way. */
  async ready(): Promise<void> {
    this.page.setDefaultTimeout(patienceMs);
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 2 * patienceMs });
    await this.page.getByRole('tab', { name: /^Explorer/ }).waitFor({ timeout: 2 * patienceMs });
    await this.closeSecondarySideBar();
  }

  async closeSecondarySideBar(): Promise<void> {
    const bar = this.page.locator('.part.auxiliarybar');
    if (!(await bar.isVisible())) return;
    await this.page
      .getByRole('button', { name: /^Hide Secondary Side Bar/ })
      .first()
      .click();
    await bar.waitFor({ state: 'hidden' });
  }

  /**
   * Shows a container of the activity bar, e.g. `AIRA2`. A window that has just been opened may show it by itself, as it was
   * before: a click that comes after that closes it again.
   */
  async openContainer(name: string): Promise<void> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name }).first();
    const heading = this.page.locator('.part.sidebar').getByRole('heading', { name: new RegExp(`^${name}`), level: 2 });
    await untilDone(`${name} is open`, async (lookMs, clickMs) => {
      const isOpen = await tab.getAttribute('aria-expanded', { timeout: lookMs });
      if (isOpen !== 'true') await tab.click({ timeout: clickMs });
      await heading.waitFor({ timeout: lookMs });
    });
  }

  /** Reloads the window, as its command does, and waits until it can be used again. */
  async reload(): Promise<void> {
    await Promise.all([
      this.page.waitForEvent('load', { timeout: 2 * patienceMs }),
      this.palette.run('Developer: Reload Window'),
    ]);
    await this.ready();
  }

  /** Closes the window and opens it again, as on the next morning. */
  async reopen(): Promise<void> {
    await this.#instance.reopen();
    await this.ready();
  }

  /** Installs a package over the one that is there, and reloads the window. */
  async update(vsix: string): Promise<void> {
    await this.#instance.install(vsix);
    await this.reload();
  }

  /**
   * How long VS Code took to activate an extension, milliseconds: reading its code and running `activate`, on the clock. The
   * host has one thread: where other extensions start at the same time, their work counts too (see `hostIsQuiet`).
   * @param name of the package, e.g. `aira2-vscode`
   */
  async activationTime(name: string): Promise<number> {
    const rows = await this.#runningExtensions();
    const row = rows.and(this.page.getByLabel(name, { exact: true }));
    const text = await until(
      `${name} is activated`,
      async () => {
        if ((await row.count()) > 0) return row.first().innerText();
        // The slowest stand first, and rows exist where they are in view.
        await this.page.locator('.runtime-extensions-editor').hover();
        await this.page.mouse.wheel(0, 400);
        return '';
      },
      (said) => /Activation:\s*\d+\s*ms/.test(said),
    );
    return Number(/Activation:\s*(\d+)\s*ms/.exec(text)?.[1]);
  }

  /** Waits until the extensions that start with the window have started, and no other has joined them for a while. */
  async hostIsQuiet(): Promise<void> {
    const rows = await this.#runningExtensions();
    let seen = '';
    let since = performance.now();
    await until(
      'extensions have stopped starting',
      async () => {
        const now = (await rows.allInnerTexts()).join('\n');
        if (now !== seen) since = performance.now();
        seen = now;
        return performance.now() - since;
      },
      (unchangedMs) => seen !== '' && unchangedMs > quietForMs,
      { timeoutMs: 2 * patienceMs },
    );
  }

  async #runningExtensions(): Promise<Locator> {
    await this.palette.run('Developer: Show Running Extensions');
    await this.editors.active('Running Extensions');
    return this.page.locator('.runtime-extensions-editor').getByRole('listitem');
  }
}
