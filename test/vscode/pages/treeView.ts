/** A tree in a side bar, as a screen reader knows it. */
import type { Locator, Page } from 'playwright-core';
import { ContextMenu } from './contextMenu.ts';
import { ifTimedOut, until, untilDone } from './until.ts';

/** How long to look for text that is there or not, milliseconds. */
const glanceMs = 1_000;

export interface TreeRow {
  /** All that a screen reader says of it. */
  name: string;
  /** Text on the screen: label and, smaller, description. */
  label: string;
  description: string;
  /** From 1. */
  level: number;
  isExpanded: boolean | null;
  isSelected: boolean;
}

export class TreeView {
  readonly tree: Locator;
  readonly #page: Page;
  readonly #name: string;

  /** @param name of the view, as its heading has it */
  constructor(page: Page, name: string) {
    this.#page = page;
    this.#name = name;
    this.tree = page.getByRole('tree', { name, exact: true });
  }

  /** A row whose spoken name or text contains `text`. Only rows in view exist. */
  row(text: string | RegExp): Locator {
    const spoken = this.tree.getByRole('treeitem', { name: text });
    return this.tree.getByRole('treeitem').filter({ hasText: text }).or(spoken).first();
  }

  /** The rows in view, from the top. */
  async rows(): Promise<TreeRow[]> {
    return this.tree.getByRole('treeitem').evaluateAll((items) =>
      items
        .map((item) => ({
          top: item.getBoundingClientRect().top,
          name: item.getAttribute('aria-label') ?? '',
          label: item.querySelector('.label-name')?.textContent?.trim() ?? '',
          description: item.querySelector('.label-description')?.textContent?.trim() ?? '',
          level: Number(item.getAttribute('aria-level')),
          isExpanded: item.hasAttribute('aria-expanded') ? item.getAttribute('aria-expanded') === 'true' : null,
          isSelected: item.getAttribute('aria-selected') === 'true',
        }))
        .sort((a, b) => a.top - b.top)
        .map(({ top: _top, ...row }) => row),
    );
  }

  /** Waits until the rows in view are as wanted. @param what names it, for the failure */
  async has(what: string, holds: (rows: TreeRow[]) => boolean, timeoutMs?: number): Promise<TreeRow[]> {
    return until(`${this.#name}: ${what}`, () => this.rows(), holds, timeoutMs === undefined ? {} : { timeoutMs });
  }

  async open(text: string | RegExp): Promise<void> {
    await this.row(text).dblclick();
  }

  async expand(text: string | RegExp): Promise<void> {
    await this.#turn(text, 'true', 'ArrowRight');
  }

  async collapse(text: string | RegExp): Promise<void> {
    await this.#turn(text, 'false', 'ArrowLeft');
  }

  /** Presses a button that appears in the row under the mouse: another row, once the rows have moved. */
  async inlineAction(text: string | RegExp, action: string | RegExp): Promise<void> {
    const row = this.row(text);
    await untilDone(`${this.#name}: ${action} in the row ${text}`, async (lookMs, clickMs) => {
      const button = row.getByRole('button', { name: action }).first();
      await row.hover({ timeout: lookMs });
      await button.waitFor({ timeout: lookMs });
      await button.click({ timeout: clickMs });
    });
  }

  /** Opens the row's menu, for a look: one that is to be chosen from may be gone again, see `choose`. */
  async menu(text: string | RegExp): Promise<ContextMenu> {
    const menu = new ContextMenu(this.#page);
    await untilDone(`${this.#name}: the menu of ${text}`, (lookMs) => this.#openMenu(menu, text, lookMs));
    return menu;
  }

  /**
   * Chooses from the menu of a row as soon as it offers that. A menu that is open does not change any more, and it closes
   * where something else takes the focus, as a panel does that has just been revealed: then it is opened anew.
   */
  async choose(text: string | RegExp, entry: string): Promise<void> {
    const menu = new ContextMenu(this.#page);
    await untilDone(`${this.#name}: ${entry} from the menu of ${text}`, async (lookMs, clickMs) => {
      await this.#openMenu(menu, text, lookMs);
      await menu.choose(entry, lookMs, clickMs);
    });
  }

  async #openMenu(menu: ContextMenu, text: string | RegExp, timeout: number): Promise<void> {
    await menu.dismiss(timeout);
    await this.row(text).click({ button: 'right', timeout });
    await menu.menu.waitFor({ timeout });
  }

  /** The text that stands in place of the tree where there is nothing to show; '' where there is none. */
  async welcome(): Promise<string> {
    const content = this.#pane().locator('.welcome-view-content');
    return (await content.innerText({ timeout: glanceMs }).catch(ifTimedOut(() => ''))).trim();
  }

  /** Presses a button, or follows a link, of that text. */
  async welcomeButton(name: string | RegExp): Promise<void> {
    const content = this.#pane().locator('.welcome-view-content');
    await content.getByRole('button', { name }).or(content.getByRole('link', { name })).first().click();
  }

  #pane(): Locator {
    return this.#page
      .locator('.pane')
      .filter({ has: this.#page.locator('.pane-header', { hasText: this.#name }) })
      .first();
  }

  async #turn(text: string | RegExp, expanded: 'true' | 'false', key: string): Promise<void> {
    const row = this.row(text);
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) === expanded) return;
    await row.click();
    // A click on a row may open or close it by itself, as the setting workbench.tree.expandMode has it.
    await until(
      `${this.#name}: ${String(text)} has ${expanded === 'true' ? 'opened' : 'closed'}`,
      async () => {
        if ((await row.getAttribute('aria-expanded')) !== expanded) await this.#page.keyboard.press(key);
        return row.getAttribute('aria-expanded');
      },
      (state) => state === expanded,
      { intervalMs: 300 },
    );
  }
}
