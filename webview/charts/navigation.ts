/**
 * How a person moves about in a plot, the same in all of them: the wheel zooms at the pointer (with Shift only across, with Alt
 * only up and down), dragging moves, a double click shows all again; with the keyboard, arrows, + and −, and 0.
 */
import type { Range } from './scoreScale.ts';
import { pan, type View, zoom } from './viewport.ts';

/** Of a plot, in CSS pixels of its element. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Navigable {
  area(): Area;
  /** What there is to see; `y` null: only time is moved about in. */
  domains(): { x: Range; y: Range | null };
  /** The view has changed: draw. */
  moved(): void;
  /** It has come to rest: draw again, in full. What is pointed at stays pointed at. */
  settled(): void;
  /** The pointer is here, not dragging; null: it has left. */
  hovered(place: { x: number; y: number } | null): void;
  clicked(place: { x: number; y: number }): void;
  /** A menu was asked for, with the second button. */
  menu(place: { x: number; y: number }, event: MouseEvent): void;
}

const keys: Readonly<Record<string, { pan?: [x: number, y: number]; zoom?: number }>> = {
  ArrowLeft: { pan: [-0.1, 0] },
  ArrowRight: { pan: [0.1, 0] },
  ArrowUp: { pan: [0, 0.1] },
  ArrowDown: { pan: [0, -0.1] },
  '+': { zoom: 1 / 1.4 },
  '=': { zoom: 1 / 1.4 },
  '-': { zoom: 1.4 },
};

/** Pixels that the pointer may tremble before a click becomes a drag. */
const tremble = 4;

export class Navigation {
  x: View = null;
  y: View = null;
  readonly #target: Navigable;
  readonly #ends = new AbortController();
  #drag: { pointer: number; x: number; y: number; moving: boolean } | null = null;
  #settling = 0;

  constructor(element: HTMLElement, target: Navigable) {
    this.#target = target;
    const { signal } = this.#ends;
    element.addEventListener('wheel', (event) => this.#wheel(element, event), { signal, passive: false });
    element.addEventListener('pointerdown', (event) => this.#down(element, event), { signal });
    element.addEventListener('pointermove', (event) => this.#move(element, event), { signal });
    element.addEventListener('pointerup', (event) => this.#up(element, event), { signal });
    element.addEventListener('pointercancel', () => this.#letGo(), { signal });
    element.addEventListener('pointerleave', () => target.hovered(null), { signal });
    element.addEventListener('dblclick', () => this.showAll(), { signal });
    element.addEventListener('keydown', (event) => this.#key(event), { signal });
    element.addEventListener('contextmenu', (event) => target.menu(this.#place(element, event), event), { signal });
  }

  /** It moves right now, or did a moment ago: drawing may leave out what costs much and shows little. */
  get moving(): boolean {
    return this.#settling !== 0;
  }

  get zoomed(): boolean {
    return this.x !== null || this.y !== null;
  }

  showAll(): void {
    this.x = null;
    this.y = null;
    this.#changed();
  }

  /** @param factor below 1: closer */
  zoomBy(factor: number): void {
    this.#zoom(factor, 0.5, 0.5, 'both');
  }

  end(): void {
    this.#ends.abort();
    clearTimeout(this.#settling);
  }

  #place(element: HTMLElement, event: MouseEvent): { x: number; y: number } {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #changed(): void {
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => {
      this.#settling = 0;
      this.#target.settled();
    }, 150);
    this.#target.moved();
  }

  #zoom(factor: number, atX: number, atY: number, which: 'both' | 'x' | 'y'): void {
    const { x, y } = this.#target.domains();
    if (which !== 'y' || y === null) this.x = zoom(this.x, x, factor, atX);
    if (which !== 'x' && y !== null) this.y = zoom(this.y, y, factor, atY);
    this.#changed();
  }

  #wheel(element: HTMLElement, event: WheelEvent): void {
    event.preventDefault();
    const { x, y } = this.#place(element, event);
    const area = this.#target.area();
    // Shift turns the wheel sideways on some systems.
    const turn = event.deltaY === 0 ? event.deltaX : event.deltaY;
    const pixels = turn * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1);
    const factor = Math.exp(Math.max(-120, Math.min(120, pixels)) * (event.ctrlKey ? 0.01 : 0.0025));
    const share = (place: number, start: number, length: number) => Math.min(1, Math.max(0, (place - start) / length));
    this.#zoom(
      factor,
      share(x, area.left, area.width),
      1 - share(y, area.top, area.height),
      event.shiftKey ? 'x' : event.altKey ? 'y' : 'both',
    );
  }

  #down(element: HTMLElement, event: PointerEvent): void {
    if (event.button !== 0 || this.#drag !== null) return;
    element.setPointerCapture(event.pointerId);
    this.#drag = { pointer: event.pointerId, ...this.#place(element, event), moving: false };
  }

  #move(element: HTMLElement, event: PointerEvent): void {
    const place = this.#place(element, event);
    const drag = this.#drag;
    if (drag === null || drag.pointer !== event.pointerId) {
      this.#target.hovered(place);
      return;
    }
    const [dx, dy] = [place.x - drag.x, place.y - drag.y];
    if (!drag.moving && Math.hypot(dx, dy) < tremble) return;
    if (!drag.moving) this.#target.hovered(null);
    this.#drag = { ...drag, ...place, moving: true };
    this.#pan(-dx / this.#target.area().width, dy / this.#target.area().height);
  }

  #pan(x: number, y: number): void {
    const domains = this.#target.domains();
    this.x = pan(this.x, domains.x, x);
    if (domains.y !== null) this.y = pan(this.y, domains.y, y);
    this.#changed();
  }

  #up(element: HTMLElement, event: PointerEvent): void {
    const drag = this.#drag;
    if (drag?.pointer !== event.pointerId) return;
    this.#letGo();
    const place = this.#place(element, event);
    if (!drag.moving) this.#target.clicked(place);
    this.#target.hovered(place);
  }

  #letGo(): void {
    this.#drag = null;
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    if (event.key === '0') this.showAll();
    else {
      const step = keys[event.key];
      if (step === undefined) return;
      if (step.pan !== undefined) this.#pan(step.pan[0], step.pan[1]);
      if (step.zoom !== undefined) this.zoomBy(step.zoom);
    }
    event.preventDefault();
  }
}
