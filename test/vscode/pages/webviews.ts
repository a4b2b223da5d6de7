/** Panels: a page within a frame within a frame, found by its title as VS Code has it on its tab. */
import { errors, type FrameLocator, type Page } from 'playwright-core';
import { patienceMs, until } from './until.ts';

/** How long to look for a title that is there or not, milliseconds. */
const glanceMs = 1_000;

export class Webviews {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /**
   * The document of a panel, once it is loaded. A locator: it finds the panel again after a reload.
   * @param title of its page, or the one that VS Code has given its frame
   */
  async panel(title: string, timeoutMs: number = patienceMs): Promise<FrameLocator> {
    const frames = await until(
      `a panel titled "${title}" is loaded`,
      () => this.#frames(),
      (found) => found.some(({ titles }) => titles.includes(title)),
      { timeoutMs },
    );
    const { index } = frames.find(({ titles }) => titles.includes(title)) ?? { index: 0 };
    return this.#inner(index);
  }

  #inner(index: number): FrameLocator {
    return this.#page.frameLocator('iframe.webview.ready').nth(index).frameLocator('#active-frame');
  }

  /** Loaded panels with their titles: first the page's own, then its frame's. Frames come and go while this looks. */
  async #frames(): Promise<{ index: number; titles: string[] }[]> {
    const count = await this.#page.locator('iframe.webview.ready').count();
    const found: { index: number; titles: string[] }[] = [];
    for (let index = 0; index < count; index++) {
      const outer = this.#page.locator('iframe.webview.ready').nth(index).contentFrame();
      const frame = await outer.locator('#active-frame').getAttribute('title', { timeout: glanceMs }).catch(gone);
      const page = await this.#inner(index).locator('title').textContent({ timeout: glanceMs }).catch(gone);
      found.push({ index, titles: [page, frame].filter(isTitle) });
    }
    return found;
  }
}

/** A frame that is not there, or not there any more, has no title. */
function gone(error: unknown): null {
  if (error instanceof errors.TimeoutError || (error instanceof Error && /detached|closed/i.test(error.message)))
    return null;
  throw error;
}

function isTitle(title: string | null): title is string {
  return title !== null && title !== '';
}
