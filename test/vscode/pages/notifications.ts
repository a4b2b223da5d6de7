/** Messages in the corner, and dialogs that want an answer first. */
import type { Locator, Page } from 'playwright-core';
import { ifTimedOut, patienceMs, untilDone } from './until.ts';

/**
 * How long to look in the corner alone, milliseconds. A message that is no error leaves it after a quarter of a minute, and
 * from then on stands in the list behind the bell.
 */
const cornerMs = 15_000;

export class Notifications {
  readonly #page: Page;
  readonly #list: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#list = page.locator('.notifications-center.visible');
  }

  /**
   * Waits for a message that contains this. One that has left the corner, or is late, is looked for in the list, which is left
   * open: what comes into that stays.
   */
  async shown(text: string | RegExp, timeoutMs: number = patienceMs): Promise<Locator> {
    const inCorner = this.#page.locator('.notification-toast');
    const message = inCorner.or(this.#list.locator('.monaco-list-row')).filter({ hasText: text }).first();
    const isThere = await message.waitFor({ timeout: Math.min(cornerMs, timeoutMs) }).then(
      () => true,
      ifTimedOut(() => false),
    );
    if (isThere) return message;
    await this.#openList();
    await message.waitFor({ timeout: timeoutMs });
    return message;
  }

  /** Waits for a message and presses one of its buttons. */
  async answer(text: string | RegExp, button: string | RegExp): Promise<void> {
    await this.shown(text);
    // It may leave the corner before the mouse is over it.
    await untilDone(`${button} of the message ${text}`, async (lookMs, clickMs) => {
      const message = await this.shown(text, lookMs);
      await message.hover({ timeout: lookMs });
      await message.getByRole('button', { name: button }).first().click({ timeout: clickMs });
    });
  }

  /** Takes all messages away, those that have left the corner too. */
  async clear(): Promise<void> {
    await this.#openList();
    await this.#list.getByRole('button', { name: /^Clear All Notifications/ }).click();
    await this.#list.waitFor({ state: 'hidden' });
  }

  async #openList(): Promise<void> {
    const bell = this.#page.locator('.part.statusbar [id="status.notifications"]');
    await untilDone('the list of messages opens', async (lookMs, clickMs) => {
      if (!(await this.#list.isVisible())) await bell.click({ timeout: clickMs });
      await this.#list.waitFor({ timeout: lookMs });
    });
  }
}

/** A question that stands before everything else. */
export class Dialog {
  readonly box: Locator;

  constructor(page: Page) {
    this.box = page.locator('.monaco-dialog-box');
  }

  /** All of its text, once it is there. */
  async text(): Promise<string> {
    await this.box.waitFor();
    return (await this.box.locator('.dialog-message-container').innerText()).trim();
  }

  /** Presses one of its buttons. */
  async answer(button: string | RegExp): Promise<void> {
    await this.box.getByRole('button', { name: button }).first().click();
    await this.box.waitFor({ state: 'hidden' });
  }
}
