/** Panels: a page within a frame within a frame, found by its title as VS Code has it on its tab. */
import type { FrameLocator, Page } from 'playwright-core';
import { patienceMs, until } from './until.ts';

export class Webviews {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /**
   * The document of a panel, once it is loaded. A locator: it finds the panel again after a reload.
   * @param title of the panel's page or frame
   */
  async panel(title: string, timeoutMs: number = patienceMs): Promise<FrameLocator> {
    const index = await until(
      `a panel titled "${title}" is loaded`,
      async () => (await this.titles()).indexOf(title),
      (found) => found >= 0,
      { timeoutMs },
    );
    return this.#page.frameLocator('iframe.webview.ready').nth(index).frameLocator('#active-frame');
  }

  /** Waits until so many panels are loaded. @returns their titles */
  async settled(count: number): Promise<string[]> {
    return until(
      `${count} panels are loaded`,
      () => this.titles(),
      (titles) => titles.length === count && !titles.includes(''),
    );
  }

  /** Titles of all panels that are loaded, in the order of their frames; '' where one has none yet. */
  async titles(): Promise<string[]> {
    const frames = this.#page.locator('iframe.webview.ready');
    const titles: string[] = [];
    for (let index = 0; index < (await frames.count()); index++) {
      const inner = frames.nth(index).contentFrame().locator('#active-frame');
      titles.push((await inner.count()) === 1 ? ((await inner.getAttribute('title')) ?? '') : '');
    }
    return titles;
  }
}
