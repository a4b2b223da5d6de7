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

  /** Chooses an entry; further names lead through submenus. */
  async choose(...path: (string | RegExp)[]): Promise<void> {
    for (const name of path) {
      const entry = this.menu.getByRole('menuitem', { name, exact: true }).first();
      await entry.waitFor();
      await entry.hover();
      await entry.click();
    }
  }

  async dismiss(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.menu.waitFor({ state: 'hidden' });
  }
}
