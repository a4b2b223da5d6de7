/** After an update of the extension a server of the older build may still be at work: taking over is offered, once. */
import * as vscode from 'vscode';
import type { ServerInfo } from '../../../protocol/clientViews.ts';
import type { Subscription } from '../../../protocol/subscription.ts';
import { commandId } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { notify } from '../ui/notify.ts';
import type { Connection } from './connection.ts';
import type { Build } from './serverBundle.ts';

export class UpgradeOffer implements vscode.Disposable {
  readonly #subscription: Subscription;
  readonly #build: Build;
  /** Builds for which it was offered in this window. */
  readonly #offered = new Set<string>();

  constructor(connection: Connection, build: Build) {
    this.#build = build;
    this.#subscription = connection.onLink((link) => {
      if (link.kind === 'connected') void this.#look(link.server);
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #look(server: ServerInfo): Promise<void> {
    if (!isOlder(server, this.#build) || server.draining || this.#offered.has(server.build)) return;
    this.#offered.add(server.build);
    const replace = l10n.t('Replace…');
    const chosen = await notify(
      'info',
      l10n.t(
        'The agent server on {0} is of an older version than this extension. It goes on working until it is replaced.',
        server.host,
      ),
      replace,
    );
    if (chosen === replace) await vscode.commands.executeCommand(commandId('restartServer'));
  }
}

/** Builds from source are replaced by whoever works on them. */
export function isOlder(server: Pick<ServerInfo, 'build' | 'buildTime'>, own: Build): boolean {
  const isBuilt = (name: string) => !name.endsWith('+source');
  return isBuilt(server.build) && isBuilt(own.name) && server.build !== own.name && server.buildTime < own.time;
}
