import { css } from 'lit';

export const startStyles = css`
  :host {
    display: block;
    height: 100%;
    overflow: auto;
  }
  .page {
    display: grid;
    grid-template-columns: minmax(0, 600px) minmax(240px, 320px);
    gap: 24px 48px;
    max-width: 980px;
    margin: 0 auto;
    padding: 24px 28px 48px;
    align-items: start;
  }
  @media (max-width: 760px) {
    .page {
      grid-template-columns: minmax(0, 1fr);
    }
    aside {
      position: static !important;
    }
  }
  h1 {
    grid-column: 1 / -1;
    margin: 0;
    font-size: calc(var(--ar-text) + 11px);
    font-weight: 400;
    display: flex;
    align-items: baseline;
    flex-wrap: wrap;
    gap: 6px 16px;
  }
  form {
    display: flex;
    flex-direction: column;
    gap: 28px;
    min-width: 0;
  }
  section,
  .stack {
    display: flex;
    flex-direction: column;
    gap: 12px;
  }
  h2 {
    font-size: var(--ar-text);
    font-weight: 600;
    margin: 0;
  }
  h3 {
    font-size: var(--ar-text);
    font-weight: 600;
    margin: 8px 0 -4px;
  }
  .hint,
  .small {
    color: var(--ar-muted);
    font-size: var(--ar-small);
    overflow-wrap: anywhere;
  }
  section > .hint {
    margin-top: -8px;
  }
  .grid {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
    gap: 12px 16px;
    align-items: start;
  }
  .line {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 10px;
  }
  .good {
    color: var(--ar-success);
  }
  .bad ar-icon {
    color: var(--ar-error);
  }
  .words {
    overflow-wrap: anywhere;
    min-width: 0;
  }
  .fold {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    align-self: flex-start;
    font: inherit;
    font-weight: 600;
    color: inherit;
    background: none;
    border: none;
    padding: 0;
    cursor: pointer;
    border-radius: 2px;
  }
  .fold:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 2px;
  }
  aside {
    position: sticky;
    top: 24px;
    display: flex;
    flex-direction: column;
    gap: 14px;
    padding: 16px;
    border: 1px solid var(--ar-line);
    border-radius: 6px;
    background: var(--vscode-editorWidget-background, transparent);
    color: var(--vscode-editorWidget-foreground, inherit);
  }
  dl {
    margin: 0;
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 8px 14px;
  }
  dt {
    color: var(--ar-muted);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  .stale dl {
    opacity: 0.8;
  }
  .warning,
  .problem,
  .notice {
    display: flex;
    gap: 8px;
    align-items: flex-start;
    overflow-wrap: anywhere;
  }
  .warning ar-icon {
    color: var(--ar-warning);
  }
  .problem ar-icon {
    color: var(--ar-error);
  }
  .warning span,
  .problem span {
    min-width: 0;
  }
  .notice {
    padding: 10px 12px;
    border: 1px solid var(--vscode-inputValidation-warningBorder, var(--ar-line));
    border-radius: var(--ar-radius);
    align-items: center;
  }
  .start {
    width: 100%;
  }
`;
