/**
 * Marks of candidates: the shape says which operator made it, fill and colour say its state, so that neither needs the other
 * to be told apart. Each is drawn once and then stamped: ten thousand small paths would be slow.
 */
import type { CandidateState, Operator } from '../../protocol/run.ts';
import type { Palette } from './palette.ts';

export const operators = ['draft', 'mutation', 'crossover', 'human'] as const satisfies readonly Operator[];
export const states = [
  'running',
  'evaluating',
  'scored',
  'failed',
  'abandoned',
] as const satisfies readonly CandidateState[];

export interface Mark {
  operator: Operator;
  state: CandidateState;
  excluded?: boolean | undefined;
}

/** Stands for a kind of mark among stamps. */
export function markKey({ operator, state, excluded }: Mark): number {
  return (operators.indexOf(operator) * states.length + states.indexOf(state)) * 2 + (excluded === true ? 1 : 0);
}

export type Ink = Pick<CanvasRenderingContext2D, 'beginPath' | 'arc' | 'moveTo' | 'lineTo' | 'closePath' | 'rect'>;

/** Draft: square. Mutation: circle. Crossover: diamond. A person's: triangle. All of about the same weight. */
export function traceMark(ink: Ink, operator: Operator, x: number, y: number, radius: number): void {
  ink.beginPath();
  switch (operator) {
    case 'mutation':
      ink.arc(x, y, radius, 0, 2 * Math.PI);
      break;
    case 'draft':
      ink.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8);
      break;
    case 'crossover':
      ink.moveTo(x, y - radius * 1.3);
      ink.lineTo(x + radius * 1.3, y);
      ink.lineTo(x, y + radius * 1.3);
      ink.lineTo(x - radius * 1.3, y);
      ink.closePath();
      break;
    case 'human':
      ink.moveTo(x, y - radius * 1.3);
      ink.lineTo(x + radius * 1.25, y + radius);
      ink.lineTo(x - radius * 1.25, y + radius);
      ink.closePath();
      break;
  }
}

export function stateColor(palette: Palette, state: CandidateState): string {
  return palette[state];
}

/** @param excluded by a person: no longer filled, so that it steps back */
export function drawMark(
  ink: CanvasRenderingContext2D,
  palette: Palette,
  mark: Mark,
  x: number,
  y: number,
  radius: number,
): void {
  const { operator, state, excluded = false } = mark;
  const color = excluded ? palette.abandoned : stateColor(palette, state);
  const solid = state === 'scored' && !excluded;
  traceMark(ink, operator, x, y, solid ? radius : radius - 0.5);
  ink.fillStyle = solid ? color : palette.background;
  ink.fill();
  ink.lineWidth = 1.2;
  ink.strokeStyle = solid ? (palette.outline ?? palette.background) : color;
  if (!solid || palette.outline !== null) ink.stroke();
  if (state === 'evaluating') {
    traceMark(ink, operator, x, y, radius * 0.4);
    ink.fillStyle = color;
    ink.fill();
  }
  if (state === 'failed') {
    ink.beginPath();
    ink.moveTo(x - radius, y + radius);
    ink.lineTo(x + radius, y - radius);
    ink.stroke();
  }
}

/** Ready-made marks of one size for one palette and one pixel ratio. */
export class MarkStamps {
  readonly #stamps = new Map<number, HTMLCanvasElement>();
  readonly #palette: Palette;
  readonly #radius: number;
  readonly #ratio: number;
  /** Half the width of a stamp, in CSS pixels: a whole number, so that stamps stay sharp. */
  readonly #half: number;

  constructor(palette: Palette, radius: number, ratio: number) {
    this.#palette = palette;
    this.#radius = radius;
    this.#ratio = ratio;
    this.#half = Math.ceil(radius * 1.3 + 2);
  }

  /** @param key as `markKey` has it: who stamps thousands has it at hand */
  stamp(ink: CanvasRenderingContext2D, mark: Mark, x: number, y: number, key = markKey(mark)): void {
    let image = this.#stamps.get(key);
    if (image === undefined) {
      image = this.#draw(mark);
      this.#stamps.set(key, image);
    }
    const { width, height } = image;
    // Between two device pixels every stamp would be filtered, which is slow and soft.
    const [left, top] = [x - this.#half, y - this.#half].map((place) => Math.round(place * this.#ratio) / this.#ratio);
    ink.drawImage(image, left ?? 0, top ?? 0, width / this.#ratio, height / this.#ratio);
  }

  #draw(mark: Mark): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = Math.ceil(2 * this.#half * this.#ratio);
    const ink = canvas.getContext('2d');
    if (ink !== null) {
      ink.scale(this.#ratio, this.#ratio);
      drawMark(ink, this.#palette, mark, this.#half, this.#half, this.#radius);
    }
    return canvas;
  }
}
