/** Messages in the corner, and dialogs that want an answer first. */
import type { Locator, Page } from 'playwright-core';

export class Notifications {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Waits for a message that contains this. */
  async shown(text: string | RegExp, timeoutMs?: number): Promise<Locator> {
    const toast = this.#page.locator('.notification-toast').filter({ hasText: text }).first();
    await toast.waitFor(timeoutMs === undefined ? {} : { timeout: timeoutMs });
    return toast;
  }

  /** Texts of all messages that are in the corner now. */
  async texts(): Promise<string[]> {
    const texts = await this.#page.locator('.notification-toast .notification-list-item-message').allInnerTexts();
    return texts.map((text) => text.trim());
  }

  /** Waits for a message and presses one of its buttons. */
  async answer(text: string | RegExp, button: string | RegExp): Promise<void> {
    const toast = await this.shown(text);
    await toast.hover();
    await toast.getByRole('button', { name: button }).first().click();
  }

  /** Takes all messages away. */
  async clear(): Promise<void> {
    for (const toast of await this.#page.locator('.notification-toast').all()) {
      await toast.hover();
      await toast.getByRole('button', { name: /Clear Notification/ }).click();
    }
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
