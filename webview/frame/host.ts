/** The wire between a panel and the extension host: one panel, one connection, typed both ways. */
/// <reference path="../vscodeApi.d.ts" />
import type { PanelState } from '../../protocol/panels.ts';

export interface PanelMessage {
  type: string;
}

/** For each message that may come in: the fields that it must have. The type demands that none is forgotten. */
export type MessageShapes<In extends PanelMessage> = {
  readonly [Type in In['type']]: readonly Exclude<keyof Extract<In, { type: Type }>, 'type'>[];
};

export interface Host<Out extends PanelMessage> {
  send(message: Out): void;
  /** What VS Code gives back to the extension when the window was reloaded: only what the panel shows, never its content. */
  keep(state: PanelState): void;
  /** What `keep` was last given in this panel, also before it was hidden or reloaded; anything at all before the first time. */
  kept(): unknown;
}

/**
 * Whether what arrived has the form of one of these messages. Its content was checked by the server and the host; this keeps
 * out what is not from them.
 */
export function isMessage<In extends PanelMessage>(value: unknown, shapes: MessageShapes<In>): value is In {
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return false;
  if (!Object.hasOwn(shapes, value.type)) return false;
  const fields: readonly PropertyKey[] = Reflect.get(shapes, value.type);
  return fields.every((field) => Object.hasOwn(value, field));
}

/**
 * Connects to the host; to be called once per page. Messages of another origin than the page's own, and of another form, are
 * dropped: VS Code passes those of the host through a frame of the same origin.
 */
export function connectHost<In extends PanelMessage, Out extends PanelMessage>(
  shapes: MessageShapes<In>,
  receive: (message: In) => void,
): Host<Out> {
  const api = acquireVsCodeApi();
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.origin !== window.origin) return;
    if (isMessage<In>(event.data, shapes)) receive(event.data);
  });
  return {
    send: (message) => api.postMessage(message),
    keep: (state) => api.setState(state),
    kept: () => api.getState(),
  };
}
