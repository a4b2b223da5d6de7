/**
 * Marks of candidates: the shape says which operator made it, fill and colour say its state, so that neither needs the other
 * to be told apart.
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
  ink: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
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
