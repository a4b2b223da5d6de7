/** What a panel is to its frame: an element that is given messages. */
import type { PropertyDeclarations } from 'lit';
import type { LinkMessage } from '../../protocol/panels.ts';
import { ArElement } from '../ui/element.ts';
import type { Host, PanelMessage } from './host.ts';

/**
 * The one element of a panel below its frame. It begins empty, is filled by its `reset` message, and can be thrown away and
 * made again at any time. `host` is set before the first message.
 */
export abstract class PanelElement<In extends PanelMessage, Out extends PanelMessage> extends ArElement {
  static override properties: PropertyDeclarations = { link: { attribute: false } };
  declare host: Host<Out>;
  /** Whether what is shown is still coming in; null until the host has told. */
  declare link: LinkMessage | null;

  constructor() {
    super();
    this.link = null;
  }

  /** Every message but `link`, which the frame keeps in `link`. */
  abstract receive(message: Exclude<In, LinkMessage>): void;
}
