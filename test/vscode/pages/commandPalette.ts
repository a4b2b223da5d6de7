/** The command palette: how a person reaches every command. */
import type { Page } from 'playwright-core';
import type { QuickInput } from './quickInput.ts';
import { patienceMs, until } from './until.ts';

/** How long the palette may take to look for what was typed, milliseconds. */
const settlingMs = 3_000;
/** How long it may take to open before the key is pressed again, milliseconds. */
const openingMs = 300;

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
    await until(
      `the palette offers "${title}"`,
      () => this.#focused(title),
      (label) => label === title,
      { intervalMs: 0 },
    );
    await this.#page.keyboard.press('Enter');
  }

  /**
   * Types a title and tells which command Enter would run now. A command that comes to be offered later (its extension has
   * just started, its view has just been opened) is not in a palette that is open already: it is opened anew each time.
   */
  async #focused(title: string): Promise<string> {
    await this.#find(title);
    const label = this.#input.widget.locator('.monaco-list-row.focused .label-name').first();
    const deadline = performance.now() + settlingMs;
    let text = '';
    while (text !== title && performance.now() < deadline) {
      text = (await label.count()) === 0 ? '' : ((await label.textContent()) ?? '').trim();
      await this.#page.waitForTimeout(50);
    }
    if (text !== title) await this.#input.dismiss();
    return text;
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
    // A panel that is just opening takes the key and tells nobody.
    await until(
      'the palette opens',
      async () => {
        await this.#page.keyboard.press('F1');
        await this.#page.waitForTimeout(openingMs);
        return this.#input.box.isVisible();
      },
      (isOpen) => isOpen,
      { timeoutMs: 2 * patienceMs },
    );
    await this.#input.box.fill(`>${text}`);
  }
}
