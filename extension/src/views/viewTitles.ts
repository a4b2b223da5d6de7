/** What stands at the views: the machine beside their titles, what is under way above their rows, what needs the person. */
import type * as vscode from 'vscode';
import type { Subscription } from '../../../protocol/subscription.ts';
import type { Connection } from '../connection/connection.ts';
import { needsPerson } from '../connection/statusText.ts';
import { l10n } from '../localisation.ts';
import type { RunList } from '../runs/runList.ts';

interface Titled {
  description?: string | undefined;
  message?: string | undefined;
  badge?: vscode.ViewBadge | undefined;
}

export class ViewTitles implements vscode.Disposable {
  readonly #connection: Connection;
  readonly #runs: RunList;
  readonly #views: { runs: Titled; workers: Titled; tasks: Titled };
  readonly #subscriptions: Subscription[];
  #said: string | null = null;
  #filter = '';

  constructor(connection: Connection, runs: RunList, views: { runs: Titled; workers: Titled; tasks: Titled }) {
    this.#connection = connection;
    this.#runs = runs;
    this.#views = views;
    this.#subscriptions = [connection.onLink(() => this.#draw()), runs.onChange(() => this.#drawBadge())];
    this.#draw();
  }

  /** What is under way; null: nothing any more. */
  say(message: string | null): void {
    this.#said = message;
    this.#draw();
  }

  filter(filter: string): void {
    this.#filter = filter;
    this.#draw();
  }

  async during<T>(message: string, act: () => Promise<T>): Promise<T> {
    this.say(message);
    try {
      return await act();
    } finally {
      this.say(null);
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #draw(): void {
    const { link, machine, isLocal } = this.#connection;
    const isKnown = !isLocal || link.kind === 'connected' || link.kind === 'lost' || link.kind === 'connecting';
    for (const view of Object.values(this.#views)) view.description = isKnown ? machine : undefined;
    this.#views.runs.message = this.#message();
    this.#drawBadge();
  }

  #message(): string | undefined {
    const { link, machine } = this.#connection;
    if (link.kind === 'connecting' && link.step !== '') return link.step;
    if (this.#said !== null) return this.#said;
    if (link.kind === 'lost') return l10n.t('The link to {0} is lost. It is being dialled again; runs go on.', machine);
    // A message would hide the welcome text, which has the ways out.
    return this.#filter === '' ? undefined : l10n.t('Only what fits: {0}', this.#filter);
  }

  #drawBadge(): void {
    const { count, tooltip } = needsPerson(this.#runs.all());
    this.#views.runs.badge = count === 0 ? undefined : { value: count, tooltip };
  }
}
