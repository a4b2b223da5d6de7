import type { Locator, Page } from 'playwright-core';

/** The line at the bottom. */
export class StatusBar {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** An item whose text or spoken name contains this. */
  item(text: string | RegExp): Locator {
    const bar = this.#page.locator('footer.statusbar, .part.statusbar').first();
    return bar
      .locator('.statusbar-item')
      .filter({ hasText: text })
      .or(bar.getByRole('button', { name: text }))
      .first();
  }
}
