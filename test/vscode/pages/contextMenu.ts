/** The menu that a right click, or a `…` button, opens. */
import type { Locator, Page } from 'playwright-core';
import { ifTimedOut, patienceMs } from './until.ts';

/** A menu takes no click in its first tenth of a second: that may be the end of the click that has opened it. Milliseconds. */
const deafMs = 200;

export class ContextMenu {
  readonly #page: Page;
  readonly menu: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.menu = page.locator('.context-view .monaco-menu').last();
  }

  /** What can be chosen now: entries that are greyed out are left out. */
  async entries(): Promise<string[]> {
    await this.menu.waitFor();
    const labels = this.menu.locator('.action-item:not(.disabled) .action-label:not(.separator)');
    return (await labels.allInnerTexts()).map((label) => label.trim()).filter((label) => label !== '');
  }

  /**
   * @param lookMs how long to wait for the entry, milliseconds
   * @param clickMs how long its click may take
   * @throws {TimeoutError} if it does not offer that, is gone before it is chosen, or has not taken the click
   */
  async choose(entry: string, lookMs: number, clickMs: number): Promise<void> {
    const item = this.menu.getByRole('menuitem', { name: entry, exact: true }).first();
    await item.waitFor({ timeout: lookMs });
    await this.#page.waitForTimeout(deafMs);
    await item.click({ timeout: clickMs });
    await this.menu.waitFor({ state: 'hidden', timeout: clickMs });
  }

  /**
   * Closes it, if it is open. The key is for the menu alone: one that closes by itself just now has left the focus to
   * something else.
   * @param timeout milliseconds
   */
  async dismiss(timeout: number = patienceMs): Promise<void> {
    const list = this.menu.getByRole('menu').first();
    if (await this.menu.isVisible()) await list.press('Escape', { timeout }).catch(ifTimedOut(() => undefined));
    await this.menu.waitFor({ state: 'hidden', timeout });
  }
}
