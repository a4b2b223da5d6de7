/** The box at the top that asks: a list to pick from, or a line to type. */
import type { Locator, Page } from 'playwright-core';
import { ifTimedOut, until } from './until.ts';

/** How long the box may take for the key that closes it, milliseconds. */
const closingMs = 20_000;

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
    await this.titled(title).or(this.asking(title)).first().waitFor();
  }

  /** It, where this is part of what stands in grey in its line. */
  asking(placeholder: string): Locator {
    return this.widget.filter({ has: this.#page.locator(`input[placeholder*=${JSON.stringify(placeholder)}]`) });
  }

  /** It, where this is part of its title. */
  titled(title: string): Locator {
    return this.widget.filter({ hasText: title });
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
    await until(
      'what was typed stays',
      async () => {
        await this.box.fill(text);
        await this.#page.waitForTimeout(250);
        return this.box.inputValue();
      },
      (typed) => typed === text,
      { intervalMs: 0 },
    );
  }

  /** Chooses the row whose label contains this, by clicking it. */
  async pick(label: string | RegExp): Promise<void> {
    await this.#rows().filter({ hasText: label }).first().click();
  }

  /** Chooses the row that a screen reader says so. */
  async pickSpoken(name: RegExp): Promise<void> {
    await this.#page.getByRole('option', { name }).first().click();
  }

  /** Types an answer and gives it. */
  async answer(text: string): Promise<void> {
    await this.box.fill(text);
    await this.accept();
  }

  /** Gives the answer that stands in the box. In a list, whose rows may not have come yet, `pick` one. */
  async accept(): Promise<void> {
    await this.box.press('Enter');
  }

  /** Closes it, if it is open: one that does not ignore it closes by itself where something else takes the focus. */
  async dismiss(): Promise<void> {
    if (await this.box.isVisible())
      await this.box.press('Escape', { timeout: closingMs }).catch(ifTimedOut(() => undefined));
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
