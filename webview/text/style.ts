/** How code, output and Markdown look: VS Code's own colours, in every kind of theme. */
import { css } from 'lit';

export const textStyles = css`
  pre {
    margin: 0;
    font-family: var(--ar-mono);
    font-size: var(--ar-mono-size);
    line-height: 1.5;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    tab-size: 4;
    unicode-bidi: plaintext;
  }
  code {
    font-family: var(--ar-mono);
    font-size: var(--ar-mono-size);
  }
  .prose {
    overflow-wrap: anywhere;
    max-width: 96ch;
  }
  .prose p,
  .prose ul,
  .prose ol,
  .prose pre,
  .prose blockquote {
    margin: 0 0 6px;
  }
  .prose > :last-child {
    margin-bottom: 0;
  }
  .prose p {
    white-space: pre-line;
  }
  .prose .heading {
    font-weight: 600;
  }
  .prose ul,
  .prose ol {
    padding-left: 22px;
  }
  .prose .depth-1 {
    margin-left: 16px;
  }
  .prose .depth-2 {
    margin-left: 32px;
  }
  .prose .depth-3,
  .prose .depth-4,
  .prose .depth-5 {
    margin-left: 48px;
  }
  .prose blockquote {
    border-left: 3px solid var(--vscode-textBlockQuote-border, var(--ar-line));
    padding-left: 10px;
  }
  .prose hr {
    border: none;
    border-top: 1px solid var(--ar-line);
  }
  .prose :not(pre) > code {
    color: var(--vscode-textPreformat-foreground);
    background: var(--vscode-textPreformat-background, transparent);
    border-radius: 3px;
    padding: 0 3px;
  }
  .prose pre.code {
    padding: 6px 10px;
    background: var(--vscode-textCodeBlock-background);
    border-radius: var(--ar-radius);
  }
  .address {
    color: var(--ar-muted);
  }
  .cut {
    color: var(--ar-muted);
    font-style: italic;
  }
  .hljs-keyword,
  .hljs-literal,
  .hljs-operator {
    color: var(--vscode-debugTokenExpression-name, inherit);
  }
  .hljs-string,
  .hljs-subst,
  .hljs-regexp {
    color: var(--vscode-debugTokenExpression-string, inherit);
  }
  .hljs-subst {
    color: inherit;
  }
  .hljs-number {
    color: var(--vscode-debugTokenExpression-number, inherit);
  }
  .hljs-title,
  .hljs-section {
    color: var(--vscode-symbolIcon-functionForeground, inherit);
  }
  .hljs-built_in,
  .hljs-type,
  .hljs-class,
  .hljs-attr,
  .hljs-variable,
  .hljs-meta {
    color: var(--vscode-charts-blue, inherit);
  }
  .hljs-comment {
    color: var(--ar-muted);
    font-style: italic;
  }
  .bold {
    font-weight: 700;
  }
  .italic {
    font-style: italic;
  }
  .underline {
    text-decoration: underline;
  }
  .strikethrough {
    text-decoration: line-through;
  }
`;
