import { css } from 'lit';

export const feedStyles = css`
  :host {
    display: block;
    position: relative;
    min-height: 0;
  }
  .scroller {
    height: 100%;
    overflow-y: auto;
    overflow-anchor: none;
    contain: strict;
  }
  .feed {
    position: relative;
    width: 100%;
  }
  article {
    position: absolute;
    top: 0;
    left: 0;
    width: 100%;
    box-sizing: border-box;
    padding: 6px 16px 10px 12px;
    border-left: 2px solid transparent;
    contain: layout style;
  }
  article:focus {
    outline: none;
  }
  article.current {
    border-left-color: var(--vscode-focusBorder);
  }
  article:focus-visible {
    background: var(--ar-hover);
    outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .row-head {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 22px;
  }
  .row-body {
    margin-left: 44px;
    display: flex;
    flex-direction: column;
    gap: 6px;
  }
  .note + .row-body {
    gap: 2px;
  }
  .row-head.note {
    padding-left: 22px;
    color: var(--ar-muted);
  }
  .row-head.warning > ar-icon {
    color: var(--ar-warning);
  }
  .row-head.bad > ar-icon,
  .bad {
    color: var(--ar-error);
  }
  .row-head.good > ar-icon,
  .good {
    color: var(--ar-success);
  }
  .row-head.warning .title,
  .row-head.good .title,
  .row-head.bad .title {
    color: var(--vscode-foreground);
  }
  button.fold {
    display: inline-flex;
    align-items: center;
    gap: 2px;
    font: inherit;
    color: var(--ar-muted);
    background: none;
    border: none;
    border-radius: 3px;
    padding: 0;
    cursor: pointer;
    text-align: start;
  }
  button.fold:hover {
    color: var(--vscode-foreground);
  }
  button.fold:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
  }
  .number {
    min-width: 24px;
    font-variant-numeric: tabular-nums;
  }
  .summary {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .title {
    white-space: normal;
  }
  .meta {
    display: flex;
    align-items: center;
    gap: 12px;
    color: var(--ar-muted);
    font-size: var(--ar-small);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .quiet {
    color: var(--ar-muted);
  }
  .act {
    display: flex;
    flex-direction: column;
    align-items: stretch;
    border: 1px solid var(--ar-line);
    border-radius: var(--ar-radius);
    overflow: hidden;
  }
  .act-head,
  .outcome,
  .full-head,
  .pending {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 0 8px 0 10px;
    min-height: 26px;
    font-size: var(--ar-small);
    color: var(--ar-muted);
  }
  .act-head {
    color: var(--vscode-foreground);
  }
  .tool {
    font-weight: 600;
  }
  .notes {
    color: var(--ar-muted);
    font-size: var(--ar-small);
  }
  .word {
    color: var(--vscode-foreground);
  }
  .act-head .copy {
    margin-left: auto;
  }
  .outcome .copy {
    margin-left: auto;
  }
  .copy {
    opacity: 0;
  }
  article:hover .copy,
  article:focus-within .copy {
    opacity: 1;
  }
  .act pre.code {
    padding: 6px 12px 8px;
    background: var(--vscode-textCodeBlock-background);
    border-bottom: 1px solid var(--ar-line);
  }
  .act pre.output,
  .part pre.output,
  .row-body > pre.output {
    padding: 2px 12px 8px;
  }
  .more {
    padding: 3px 12px 6px;
    font-size: var(--ar-small);
  }
  .more.between {
    border-top: 1px dashed var(--ar-line);
    border-bottom: 1px dashed var(--ar-line);
    margin-bottom: 6px;
    padding: 2px 12px;
  }
  .full {
    border-top: 1px solid var(--ar-line);
  }
  .full pre {
    max-height: 60vh;
    overflow: auto;
  }
  .part > .prose {
    padding: 6px 0 6px 18px;
  }
  .gap {
    height: 100%;
    display: flex;
    justify-content: center;
    color: var(--ar-muted);
    font-size: var(--ar-small);
  }
  .gap > span {
    position: sticky;
    top: 40%;
    align-self: flex-start;
    padding: 20px;
  }
  .latest {
    position: absolute;
    bottom: 14px;
    left: 50%;
    transform: translateX(-50%);
    box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    border-radius: var(--ar-radius);
  }
  ::highlight(ar-found) {
    background-color: var(--vscode-editor-findMatchHighlightBackground, Mark);
    color: var(--vscode-editor-findMatchHighlightForeground, var(--vscode-editor-foreground));
  }
  ::highlight(ar-found-current) {
    background-color: var(--vscode-editor-findMatchBackground, Highlight);
    color: var(--vscode-editor-findMatchForeground, var(--vscode-editor-foreground));
  }
`;
