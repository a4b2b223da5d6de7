/** What every kind of panel needs of the window. */
import type { LinkMessage } from '../../../protocol/panels.ts';
import type { App } from '../app.ts';
import type { Link } from '../connection/connection.ts';

export function linkMessage(link: Link, host: string): LinkMessage {
  if (link.kind === 'connected') return { type: 'link', state: 'connected', host };
  const isComing = link.kind === 'lost' || link.kind === 'connecting';
  return { type: 'link', state: isComing ? 'reconnecting' : 'stopped', host };
}

/** What a panel shows, and how it is spoken with. */
export interface PanelController {
  /** Of the run or candidate in it, for commands without an argument. */
  readonly subject: { run: string; candidate: number | null } | null;
  readonly isActive: boolean;
  /** For opening the same thing twice. */
  readonly key: string;
  reveal(preserveFocus: boolean): void;
  /** How the connection stands has changed. */
  link(message: LinkMessage): void;
  dispose(): void;
}

/** Asks for something from a panel; what goes wrong is told, and the panel stays as it is. */
export function attempt(app: App, what: string, act: () => Promise<void>): void {
  act().catch((error: unknown) => app.log.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`));
}
