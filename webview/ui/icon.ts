/** Small drawings of one line weight, in the colour of the text around them. Hidden from screen readers: words stand beside. */
import { css, LitElement, type PropertyDeclarations, type SVGTemplateResult, svg } from 'lit';

const lines = (d: string) => svg`<path d=${d} />`;
const filled = (d: string) => svg`<path d=${d} fill="currentColor" stroke="none" />`;

/** On a grid of 16 × 16. */
const drawings = {
  add: lines('M8 3v10M3 8h10'),
  arrowDown: lines('M8 3v10M4 9l4 4 4-4'),
  arrowUp: lines('M8 13V3M4 7l4-4 4 4'),
  chart: lines('M2.5 13.5h11M4.5 11V8M8 11V4M11.5 11V6.5'),
  check: lines('M3 8.5l3.2 3.5L13 4.5'),
  chevronDown: lines('M4 6l4 4 4-4'),
  chevronLeft: lines('M10 4L6 8l4 4'),
  chevronRight: lines('M6 4l4 4-4 4'),
  chevronUp: lines('M4 10l4-4 4 4'),
  clock: svg`<circle cx="8" cy="8" r="5.5" /><path d="M8 5v3l2 1.5" />`,
  close: lines('M4 4l8 8M12 4l-8 8'),
  copy: svg`<rect x="5.5" y="5.5" width="7" height="8" rx="1" /><path d="M10.5 5.5v-3h-7v8h2" />`,
  cross: lines('M4 2.5v2.5c0 3 8 3 8 6v2.5M12 2.5v2.5c0 3-8 3-8 6v2.5'),
  diff: lines('M5 3v4M3 5h4M3 12.5h4M9.5 5h3.5M9.5 12.5h3.5'),
  dot: filled('M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6'),
  duplicate: svg`<circle cx="6" cy="8" r="3.5" /><circle cx="10" cy="8" r="3.5" />`,
  edit: lines('M3 13l.8-3L10.5 3.300l2.2 2.200L6 12.200z'),
  error: svg`<circle cx="8" cy="8" r="5.5" /><path d="M6 6l4 4M10 6l-4 4" />`,
  fold: lines('M4 2.500l4 3.5 4-3.500M4 13.500l4-3.5 4 3.5'),
  fork: svg`<circle cx="4.5" cy="3.5" r="1.5" /><circle cx="4.5" cy="12.5" r="1.5" /><circle cx="11.5" cy="5.5" r="1.5" /><path d="M4.5 5v6M11.5 7c0 2.5-7 1.5-7 4" />`,
  flag: lines('M4 14V2.500h8l-2 3 2 3H4'),
  info: svg`<circle cx="8" cy="8" r="5.5" /><path d="M8 7.500v3.500M8 5v.5" />`,
  key: svg`<circle cx="5" cy="8" r="2.5" /><path d="M7.5 8h6M11 8v2.500M13.5 8v2" />`,
  lock: svg`<rect x="3.5" y="7" width="9" height="6.5" rx="1" /><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" />`,
  model: lines('M8 2.500l1.3 3.700L13 7.5 9.3 8.8 8 12.5 6.7 8.8 3 7.500l3.7-1.300zM12.5 11.500v3M11 13h3'),
  more: filled('M3 7h2v2H3zM7 7h2v2H7zM11 7h2v2h-2z'),
  pause: lines('M5.5 3.500v9M10.5 3.500v9'),
  person: svg`<circle cx="8" cy="5" r="2.5" /><path d="M3.5 13.500c0-6 9-6 9 0" />`,
  pin: lines('M5.5 2.500h5l-.5 4.5 2 2.500H4l2-2.500zM8 9.500v4.5'),
  play: lines('M5 3.500l7.5 4.500L5 12.500z'),
  python: lines('M5.5 4.500L2.5 8l3 3.500M10.5 4.500l3 3.5-3 3.5'),
  refresh: lines('M13 8a5 5 0 1 1-1.5-3.500M12 2v3H9'),
  search: svg`<circle cx="7" cy="7" r="4" /><path d="M10 10l3.5 3.5" />`,
  server: svg`<rect x="2.5" y="3" width="11" height="4" rx="1" /><rect x="2.5" y="9" width="11" height="4" rx="1" /><path d="M5 5h.500M5 11h.5" />`,
  stop: svg`<rect x="4" y="4" width="8" height="8" rx="1" />`,
  submit: lines('M2.5 8L13.5 3l-3.5 10.500L7.5 9z'),
  terminal: lines('M3 4.500L6.5 8 3 11.500M8 12h5'),
  tree: lines('M3.5 3h4M3.5 3v9h3.500M3.5 7.500h3.500M9 7.500h4M9 12h4'),
  unfold: lines('M4 6l4-3.500L12 6M4 10l4 3.5 4-3.5'),
  unlock: svg`<rect x="3.5" y="7" width="9" height="6.5" rx="1" /><path d="M5.5 7V5a2.5 2.5 0 0 1 4.8-1" />`,
  warning: lines('M8 2.500l6 11H2zM8 6.500v3.500M8 11.500v.5'),
} as const satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof drawings;

export class ArIcon extends LitElement {
  static override properties: PropertyDeclarations = { name: { type: String } };
  static override styles = css`
    :host {
      display: inline-flex;
      flex: none;
      width: 16px;
      height: 16px;
    }
    svg {
      width: 16px;
      height: 16px;
      fill: none;
      stroke: currentColor;
      stroke-width: 1.2;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
  `;
  declare name: IconName;

  protected override render() {
    return svg`<svg viewBox="0 0 16 16" aria-hidden="true">${drawings[this.name]}</svg>`;
  }
}
customElements.define('ar-icon', ArIcon);
