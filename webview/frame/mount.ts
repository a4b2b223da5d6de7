/**
 * Puts a panel into its page. The page has a body without content, a module script with a nonce, and may have words in the
 * person's language (strings.ts). Its CSP can be as strict as `default-src 'none'; script-src 'nonce-…'`, with `style-src`
 * for VS Code's own sheet only: styles of ours are constructed sheets and properties, never attributes.
 */
import type { LinkMessage } from '../../protocol/panels.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { ArFrame } from './frame.ts';
import { connectHost, type MessageShapes, type PanelMessage } from './host.ts';
import type { PanelElement } from './panelElement.ts';

/** How long the host may take to fill a panel before the page says that it waits, in milliseconds. */
const patience = 10_000;

const page = new CSSStyleSheet();
page.replaceSync(
  'html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; background: var(--vscode-editor-background); }',
);

function isLink(message: PanelMessage): message is LinkMessage {
  return message.type === 'link';
}

function isContent<In extends PanelMessage>(message: In): message is Exclude<In, LinkMessage> {
  return message.type !== 'link';
}

/** What panels send of themselves; all of them can. */
type Asks = { type: 'ready' } | { type: 'command'; command: 'connect'; candidates: [] };

/**
 * @param create makes the panel's element, anew each time a person reloads the view.
 * @param shapes which messages the host may send; `reset` fills the panel.
 */
export function mountPanel<In extends PanelMessage, Out extends PanelMessage>(
  create: () => PanelElement<In, Out>,
  shapes: MessageShapes<In>,
): void {
  document.adoptedStyleSheets.push(page);
  const frame = new ArFrame();
  let panel = create();
  let filled = false;
  let watchdog = 0;

  const fail = (error: unknown) => {
    frame.trouble = { kind: 'failure', message: messageOf(error) };
    console.error(error);
  };
  const receive = (message: In) => {
    if (isLink(message)) {
      frame.link = message;
      panel.link = message;
      return;
    }
    if (message.type === 'reset') {
      filled = true;
      frame.trouble = null;
    }
    try {
      if (isContent(message)) panel.receive(message);
    } catch (error) {
      fail(error);
    }
  };
  const host = connectHost<In, Out | Asks>(shapes, receive);

  const begin = () => {
    filled = false;
    frame.trouble = null;
    panel.host = host;
    panel.link = frame.link;
    frame.replaceChildren(panel);
    clearTimeout(watchdog);
    watchdog = window.setTimeout(() => {
      if (!filled) frame.trouble = { kind: 'silence' };
    }, patience);
    host.send({ type: 'ready' });
  };
  frame.reload = () => {
    panel = create();
    begin();
  };
  frame.reconnect = () => host.send({ type: 'command', command: 'connect', candidates: [] });

  // What Lit throws while it draws arrives as an unhandled rejection.
  window.addEventListener('error', (event) => {
    // Sizes that changed while sizes were being told are told in the next frame: nothing is wrong.
    if (!event.message.startsWith('ResizeObserver loop')) fail(event.error ?? event.message);
  });
  window.addEventListener('unhandledrejection', (event) => fail(event.reason));
  document.body.append(frame);
  begin();
}
