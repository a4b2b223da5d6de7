/** The menu that a right click, or a `…` button, opens. */
import type { Locator, Page } from 'playwright-core';

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

  /** @param timeout milliseconds @throws {TimeoutError} if it does not offer that, or is gone before it is chosen */
  async choose(entry: string, timeout: number): Promise<void> {
    const item = this.menu.getByRole('menuitem', { name: entry, exact: true }).first();
    await item.hover({ timeout });
    await item.click({ timeout });
  }

  /** Closes it, if it is open. */
  async dismiss(): Promise<void> {
    if (await this.menu.isVisible()) await this.#page.keyboard.press('Escape');
    await this.menu.waitFor({ state: 'hidden' });
  }
}
