/** Open editors: their tabs, the text of the active one, and the two sides of a comparison. */
import type { Locator, Page } from 'playwright-core';
import { until } from './until.ts';

export class Editors {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  tab(title: string | RegExp): Locator {
    return this.#page.locator('.tabs-container').getByRole('tab').filter({ hasText: title }).first();
  }

  /** Waits until a tab of that title is the active one. */
  async active(title: string | RegExp): Promise<void> {
    await this.activeTab(title).waitFor();
  }

  /** The tab of that title, where it is the active one. */
  activeTab(title: string | RegExp): Locator {
    return this.#page.locator('.tabs-container .tab.active').filter({ hasText: title }).first();
  }

  async show(title: string | RegExp): Promise<void> {
    await this.tab(title).click();
    await this.active(title);
  }

  async close(title: string | RegExp): Promise<void> {
    await this.tab(title).hover();
    await this.tab(title)
      .getByRole('button', { name: /^Close/ })
      .click();
    await this.tab(title).waitFor({ state: 'hidden' });
  }

  /** The lines of the active text editor that are in view. */
  async text(): Promise<string> {
    return lines(this.#page.locator('.editor-group-container.active .monaco-editor .view-lines').last());
  }

  /** Waits until the lines in view contain this. */
  async hasText(part: string): Promise<string> {
    return until(
      `the editor shows "${part}"`,
      () => this.text(),
      (text) => text.includes(part),
    );
  }

  /** Puts text in place of all that the active editor holds. */
  async replaceText(text: string): Promise<void> {
    await this.#page.locator('.editor-group-container.active .monaco-editor .view-lines').last().click();
    await this.#page.keyboard.press('ControlOrMeta+a');
    await this.#page.keyboard.press('Delete');
    await this.#page.keyboard.insertText(text);
  }

  /** Saves the active editor. What was typed has to stand in it by now: see `hasText`. */
  async save(): Promise<void> {
    await this.#page.keyboard.press('ControlOrMeta+s');
    await this.#page.locator('.tabs-container .tab.active:not(.dirty)').first().waitFor();
  }

  /** The two sides of the comparison in the active editor, lines in view. */
  async diff(): Promise<{ original: string; modified: string }> {
    const editor = this.#page.locator('.editor-group-container.active .monaco-diff-editor').first();
    const side = async (name: 'original' | 'modified') => {
      const view = editor.locator(`.editor.${name} .view-lines`).first();
      await view.locator('.view-line').first().waitFor();
      return lines(view);
    };
    return { original: await side('original'), modified: await side('modified') };
  }
}

/** Monaco draws lines in any order, and spaces as no-break spaces. */
async function lines(view: Locator): Promise<string> {
  const found = await view.locator('.view-line').evaluateAll((elements) =>
    elements
      .map((element) => ({ top: element.getBoundingClientRect().top, text: element.textContent ?? '' }))
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text),
  );
  return found.join('\n').replaceAll('\u00a0', ' ');
}
