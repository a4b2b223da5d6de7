/** Toy tasks and a scorer of their own for tests of scoring. */
import assert from 'node:assert/strict';
import { Scorer, type Verdict } from '../../server/evaluation/scorer.ts';
import { type AnswerRow, answersOf, makeToyTask, python, type ToyOptions } from './toyTask.ts';

/** Starts a scorer for a toy task, hands it over, and cleans up. */
export async function withScorer(options: ToyOptions, work: (scorer: Scorer, answers: AnswerRow[]) => Promise<void>) {
  await using task = await makeToyTask(options);
  const scorer = await Scorer.start({ task, python });
  try {
    await work(scorer, options.answers);
  } finally {
    await scorer.close();
  }
}

export function scored(verdict: Verdict) {
  assert.equal(verdict.kind, 'scored', verdict.kind === 'invalid' ? verdict.message : '');
  return verdict as Extract<Verdict, { kind: 'scored' }>;
}

export function refused(verdict: Verdict): string {
  assert.equal(verdict.kind, 'invalid');
  return (verdict as Extract<Verdict, { kind: 'invalid' }>).message;
}

export const regression: ToyOptions = {
  answers: answersOf(300, (row) => ({ y: (row * 37) % 101 })),
  metric: { name: 'RMSE', direction: 'minimize', bounds: [0, null], optimum: 0, impl: { builtin: 'rmse' } },
};

export const classes = ['a', 'b', 'c'];
export const labelled: ToyOptions = {
  answers: answersOf(300, (row) => ({ y: classes[((row * 37) % 101) % 3] ?? 'a' })),
  columns: [
    { name: 'id', role: 'id', dtype: 'string' },
    { name: 'y', role: 'value', dtype: 'string', levels: classes },
  ],
  metric: { name: 'accuracy', direction: 'maximize', bounds: [0, 1], impl: { builtin: 'accuracy' } },
};
