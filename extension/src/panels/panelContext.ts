/** What every kind of panel needs of the window. */
import type { LinkMessage, PanelState } from '../../../protocol/panels.ts';
import { messageOf } from '../../../protocol/thrown.ts';
import type { App } from '../app.ts';
import type { Connection } from '../connection/connection.ts';
import type { PanelFrame, PanelWindow } from './panelFrame.ts';

function linkMessage({ link, machine: host }: Connection): LinkMessage {
  if (link.kind === 'connected') return { type: 'link', state: 'connected', host };
  const isComing = link.kind === 'lost' || link.kind === 'connecting';
  return { type: 'link', state: isComing ? 'reconnecting' : 'stopped', host };
}

/** The same for all panels of a window. */
export function windowOf({ context, connection, log }: App): PanelWindow {
  return {
    extensionUri: context.extensionUri,
    link: () => linkMessage(connection),
    warn: (message) => log.warn(message),
  };
}

/** What a panel shows, and how it is spoken with. */
export interface PanelController {
  /** Of the run or candidate in it, for commands without an argument. */
  readonly subject: { run: string; candidate: number | null } | null;
  /** What would open the same again. */
  readonly state: PanelState;
  readonly frame: Pick<PanelFrame<never, never>, 'isActive' | 'reveal' | 'linkChanged'>;
  dispose(): void;
}

/** Asks for something from a panel; what goes wrong is told, and the panel stays as it is. */
export function attempt(app: App, what: string, act: () => Promise<void>): void {
  act().catch((error: unknown) => app.log.warn(`${what}: ${messageOf(error)}`));
}
