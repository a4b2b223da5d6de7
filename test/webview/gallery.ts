/** Every `ar-*` element on one page, for the test of what they promise (ui.test.ts). What they tell is kept in `heard`. */
import { css, html, render } from 'lit';
import { ArElement, measures } from '../../webview/ui/element.ts';
import '../../webview/ui/badge.ts';
import '../../webview/ui/button.ts';
import '../../webview/ui/checkbox.ts';
import '../../webview/ui/divider.ts';
import '../../webview/ui/icon.ts';
import '../../webview/ui/link.ts';
import '../../webview/ui/progressRing.ts';
import '../../webview/ui/radioGroup.ts';
import '../../webview/ui/select.ts';
import '../../webview/ui/table.ts';
import '../../webview/ui/tabs.ts';
import '../../webview/ui/tag.ts';
import '../../webview/ui/textArea.ts';
import '../../webview/ui/textField.ts';
import '../../webview/ui/tree.ts';

declare global {
  interface Window {
    heard: [element: string, event: string, value: unknown][];
  }
}

window.heard = [];
const hear = (event: Event) => {
  if (event.target instanceof Element && event instanceof CustomEvent)
    window.heard.push([event.target.localName, event.type, event.detail.value]);
};

const rows = Array.from({ length: 10_000 }, (_, index) => ({ id: index + 1, score: Math.sin(index) }));
const columns = [
  { id: 'id', label: 'Candidate', sortable: true, cell: ({ id }: { id: number }) => `#${id}` },
  { id: 'score', label: 'Score', align: 'end', cell: ({ score }: { score: number }) => score.toFixed(4) },
];
const items = [
  { id: 'a', label: '#1', description: 'draft', icon: 'fork', children: [{ id: 'b', label: '#2' }] },
  { id: 'c', label: 'Other', expandable: true, children: [] },
];
const choices = [
  { value: 'one', label: 'One' },
  { value: 'two', label: 'Two' },
];

/** Measures and background are the frame's in panels. */
class Gallery extends ArElement {
  static override styles = [
    measures,
    css`
      :host {
        display: block;
        background: var(--vscode-editor-background);
      }
    `,
  ];

  protected override render() {
    return html`<main
      @ar-input=${hear}
      @ar-change=${hear}
      @ar-select=${hear}
      @ar-activate=${hear}
      @ar-toggle=${hear}
      @ar-sort=${hear}
    >
      <h1>Gallery</h1>
      <p>
        <ar-button @click=${() => window.heard.push(['ar-button', 'click', null])}>Start</ar-button>
        <ar-button appearance="secondary">Other</ar-button>
        <ar-button appearance="icon" label="Pin"><ar-icon name="pin"></ar-icon></ar-button>
        <ar-badge>12</ar-badge> <ar-tag tone="success">scored</ar-tag> <ar-tag tone="error">failed</ar-tag>
        <ar-link>an action</ar-link> <ar-link href="https://example.org/">a page</ar-link>
        <ar-link href="javascript:window.reached.push(1)">no page</ar-link>
        <ar-progress-ring label="Busy"></ar-progress-ring>
      </p>
      <ar-text-field label="Hours" unit="h" value="2" description="Of activity."></ar-text-field>
      <ar-text-field label="Cost" value="x" problem="Write a number."></ar-text-field>
      <ar-text-area label="Guidance" value="Try trees."></ar-text-area>
      <ar-select label="Model" value="two" .choices=${choices}></ar-select>
      <ar-radio-group label="Kind" value="two" .choices=${choices}></ar-radio-group>
      <ar-checkbox label="Keep it" description="In view."></ar-checkbox>
      <ar-divider></ar-divider>
      <ar-tabs
        label="Views"
        selected="one"
        .tabs=${[{ id: 'one', label: 'First' }, { id: 'two', label: 'Second' }]}
        ><div slot="one">first view</div>
        <div slot="two">second view</div></ar-tabs
      >
      <ar-table
        label="Candidates"
        .style=${'height: 200px'}
        .rows=${rows}
        .columns=${columns}
        .rowKey=${({ id }: { id: number }) => id}
        .sort=${{ column: 'id', descending: false }}
      ></ar-table>
      <ar-tree label="Lineage" .style=${'height: 120px'} .items=${items}></ar-tree>
    </main>`;
  }
}
customElements.define('ar-gallery', Gallery);
render(html`<ar-gallery></ar-gallery>`, document.body);
