/** What all `ar-*` elements share: how they tell of what a person did, and the measures they are drawn with. */
import { css, LitElement } from 'lit';

/** `detail` of every event of an `ar-*` element. */
export interface ArEventDetail<Value> {
  value: Value;
}

export type ArEvent<Value> = CustomEvent<ArEventDetail<Value>>;

/**
 * One vocabulary of events, so that the component library behind an element can be replaced without its users noticing:
 * `ar-input` while a value is being edited, `ar-change` when it is meant, `ar-select` for what is now in view or marked,
 * `ar-activate` for what is to be opened, `ar-toggle` for what is folded or unfolded, `ar-sort` for a column.
 * They bubble within the template that uses the element and do not leave it.
 */
export type ArEventName = 'ar-input' | 'ar-change' | 'ar-select' | 'ar-activate' | 'ar-toggle' | 'ar-sort';

export class ArElement extends LitElement {
  protected emit<Value>(name: ArEventName, value: Value): void {
    this.dispatchEvent(new CustomEvent<ArEventDetail<Value>>(name, { detail: { value }, bubbles: true }));
  }
}

/**
 * Measures of panels as custom properties; set once, on the frame, and inherited by everything below. Colours are VS Code's
 * own, with names for the few meanings that it has no single name for.
 */
export const measures = css`
  :host {
    --ar-gap-xs: 2px;
    --ar-gap-s: 4px;
    --ar-gap-m: 8px;
    --ar-gap-l: 12px;
    --ar-gap-xl: 20px;
    --ar-radius: 4px;
    --ar-small: calc(var(--vscode-font-size, 13px) - 2px);
    --ar-text: var(--vscode-font-size, 13px);
    --ar-large: calc(var(--vscode-font-size, 13px) + 3px);
    --ar-mono: var(--vscode-editor-font-family, monospace);
    --ar-mono-size: calc(var(--vscode-editor-font-size, 14px) - 2px);
    --ar-muted: var(--vscode-descriptionForeground, var(--vscode-foreground));
    --ar-line: var(--vscode-contrastBorder, var(--vscode-panel-border, var(--vscode-widget-border, transparent)));
    --ar-hover: var(--vscode-list-hoverBackground, transparent);
    --ar-success: var(--vscode-testing-iconPassed, var(--vscode-charts-green));
    --ar-warning: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
    --ar-error: var(--vscode-errorForeground, var(--vscode-charts-red));
    --ar-info: var(--vscode-charts-blue, var(--vscode-textLink-foreground));
    font-family: var(--vscode-font-family, sans-serif);
    font-size: var(--ar-text);
    line-height: 1.45;
    color: var(--vscode-foreground);
  }
`;

/** The ring of VS Code around what has the focus. For elements that a person reaches with Tab or arrow keys. */
export const focusRing = css`
  :focus {
    outline: none;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
`;

/** Text for screen readers only. */
export const unseen = css`
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
