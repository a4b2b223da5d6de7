/** The command palette: how a person reaches every command. */
import type { Page } from 'playwright-core';
import type { QuickInput } from './quickInput.ts';
import { until } from './until.ts';

export class CommandPalette {
  readonly #page: Page;
  readonly #input: QuickInput;

  constructor(page: Page, input: QuickInput) {
    this.#page = page;
    this.#input = input;
  }

  /**
   * Runs a command by its whole title, e.g. `AIRA2: Start Run`.
   * @throws {NeverHappenedError} if the palette does not offer it
   */
  async run(title: string): Promise<void> {
    await this.#find(title);
    const row = this.#input.widget.locator('.monaco-list-row.focused');
    await until(
      `the palette offers "${title}"`,
      async () => (await row.count()) === 1 && (await row.locator('.label-name').innerText()).trim(),
      (label) => label === title,
    );
    await this.#page.keyboard.press('Enter');
  }

  /** Titles that it offers for what is typed. */
  async offers(text: string): Promise<string[]> {
    await this.#find(text);
    const labels = this.#input.widget.locator('.quick-input-list .label-name');
    const found = await until(
      'the palette has looked',
      async () => (await labels.allInnerTexts()).map((label) => label.trim()),
      (titles) => titles.length > 0,
    );
    await this.#input.dismiss();
    return found;
  }

  async #find(text: string): Promise<void> {
    await this.#page.keyboard.press('F1');
    await this.#input.opened();
    await this.#input.box.fill(`>${text}`);
  }
}
