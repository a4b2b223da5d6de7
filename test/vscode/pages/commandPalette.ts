/** The command palette: how a person reaches every command. */
import type { Page } from 'playwright-core';
import type { QuickInput } from './quickInput.ts';
import { ifTimedOut, patienceMs, until } from './until.ts';

/** How long the palette may take to look for what was typed, milliseconds. */
const settlingMs = 3_000;
/** How long it may take to open before the key is pressed again, milliseconds. */
const openingMs = 300;
/** How long to look for a row that is there or not, milliseconds. */
const glanceMs = 500;
/** How long typing, and the Enter that runs a command, may take before the palette is taken to be gone, milliseconds. */
const keyMs = 20_000;

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
      `the palette runs "${title}"`,
      () => this.#tried(title),
      (label) => label === title,
      { intervalMs: 0 },
    );
  }

  /** @returns the command that Enter has run; where it is another one than wanted, Enter would run it and was not pressed */
  async #tried(title: string): Promise<string> {
    const label = await this.#focused(title);
    if (label !== title) {
      await this.#input.dismiss();
      return label;
    }
    // For the palette alone: a panel that takes the focus just now would get it, and the palette closes then.
    const enter = this.#input.box.press('Enter', { timeout: keyMs, noWaitAfter: true });
    return enter.then(
      () => label,
      ifTimedOut(() => 'it has closed'),
    );
  }

  /**
   * Types a title and tells which command Enter would run now. A command that comes to be offered later (its extension has
   * just started, its view has just been opened) is not in a palette that is open already: it is opened anew each time.
   */
  async #focused(title: string): Promise<string> {
    await this.#find(title);
    const label = this.#input.widget.locator('.monaco-list-row.focused .label-name').first();
    const deadline = performance.now() + settlingMs;
    for (;;) {
      const text = await label.textContent({ timeout: glanceMs }).catch(ifTimedOut(() => ''));
      const found = (text ?? '').trim();
      if (found === title || performance.now() > deadline) return found;
      await this.#page.waitForTimeout(50);
    }
  }

  /**
   * Titles that it offers for what is typed.
   * @throws {NeverHappenedError} if it offers none
   */
  async offers(text: string): Promise<string[]> {
    await this.#find(text);
    // What fits is marked in the titles: in those that stood there before anything was typed nothing is.
    const labels = this.#input.widget.locator('.quick-input-list .label-name');
    const found = await until(
      `the palette has looked for "${text}"`,
      () =>
        labels.evaluateAll((all) =>
          all.map((label) => ({
            title: (label.textContent ?? '').trim(),
            isMarked: label.querySelector('.highlight') !== null,
          })),
        ),
      (rows) => rows.some(({ isMarked }) => isMarked),
    );
    await this.#input.dismiss();
    return found.map(({ title }) => title);
  }

  async #find(text: string): Promise<void> {
    // A panel that is just opening takes the key and tells nobody, or takes the focus: then the palette closes.
    await until(
      'the palette opens',
      async () => {
        await this.#page.keyboard.press('F1');
        await this.#page.waitForTimeout(openingMs);
        return (await this.#input.box.isVisible()) && this.#typed(`>${text}`);
      },
      (isOpen) => isOpen,
      { timeoutMs: 2 * patienceMs },
    );
  }

  #typed(text: string): Promise<boolean> {
    return this.#input.box.fill(text, { timeout: keyMs }).then(
      () => true,
      ifTimedOut(() => false),
    );
  }
}
