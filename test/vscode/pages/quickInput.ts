/** The box at the top that asks: a list to pick from, or a line to type. */
import type { Locator, Page } from 'playwright-core';

export class QuickInput {
  readonly widget: Locator;
  readonly box: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.widget = page.locator('.quick-input-widget:visible');
    this.box = this.widget.locator('input.input');
  }

  /** Waits until it is there. @param title part of its title or placeholder; without it any will do */
  async opened(title?: string): Promise<void> {
    await this.box.waitFor();
    if (title === undefined) return;
    const titled = this.widget.filter({ hasText: title });
    const asking = this.widget.filter({ has: this.#page.locator(`input[placeholder*=${JSON.stringify(title)}]`) });
    await titled.or(asking).first().waitFor();
  }

  async closed(): Promise<void> {
    await this.box.waitFor({ state: 'hidden' });
  }

  /** Rows that are shown, as a screen reader says them. */
  async items(): Promise<string[]> {
    return this.#rows().evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label') ?? ''));
  }

  /** Types so that only rows that fit are left. A dialog that has just opened may still fill in what it begins with. */
  async type(text: string): Promise<void> {
    for (let tries = 0; tries < 20; tries += 1) {
      await this.box.fill(text);
      await this.#page.waitForTimeout(250);
      if ((await this.box.inputValue()) === text) return;
    }
  }

  /** Chooses the row whose label contains this, by clicking it. */
  async pick(label: string | RegExp): Promise<void> {
    await this.#rows().filter({ hasText: label }).first().click();
  }

  /** In a list that takes several: ticks the row, or takes the tick away. */
  async tick(label: string | RegExp): Promise<void> {
    await this.#rows()
      .filter({ hasText: label })
      .first()
      .locator('.quick-input-list-checkbox, input[type=checkbox]')
      .first()
      .click();
  }

  /** Types an answer and gives it. */
  async answer(text: string): Promise<void> {
    await this.box.fill(text);
    await this.#page.keyboard.press('Enter');
  }

  async accept(): Promise<void> {
    await this.#page.keyboard.press('Enter');
  }

  async dismiss(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.closed();
  }

  /** What it says beneath the line that is typed, such as why an answer will not do. */
  async message(): Promise<string> {
    return (await this.widget.locator('.quick-input-message').innerText()).trim();
  }

  /** Presses one of the buttons in its title, or beside a row that contains `row`. */
  async button(name: string | RegExp, row?: string | RegExp): Promise<void> {
    const within = row === undefined ? this.widget : this.#rows().filter({ hasText: row }).first();
    if (row !== undefined) await within.hover();
    await within.getByRole('button', { name }).first().click();
  }

  #rows(): Locator {
    return this.widget.locator('.quick-input-list .monaco-list-row');
  }
}
