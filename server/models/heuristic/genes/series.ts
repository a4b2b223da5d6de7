/** Programs for panels of time series: each series is forecast some periods past the end of its history. */
import { choice, type Grammar, ladder, startingAt } from './gene.ts';

/** What the pooled models learn: the change of the log against the level of the last season, or against a year before. */
const against = choice('against', 'learns change against', ['level', 'last-season'], 1.2);
const memory = choice('memory', 'lags', ['one-season', 'two-seasons', 'short'], 1.2);
const loss = choice('loss', 'loss', ['squared', 'absolute'], 1);
const stride = ladder('stride', 'periods between origins', [1, 2, 3, 4], 2, 0.5);
/** Older origins count less: half the weight after so many seasons (0: all alike). */
const halfLife = ladder('halfLife', 'half-life in seasons', [0, 2, 4, 8], 0, 0.8);
const kinds = ['forecast'] as const;

export const seriesGrammar: Grammar = {
  families: [
    {
      name: 'seasonal-naive',
      kinds,
      cost: 1,
      weight: 1.5,
      genes: [
        ladder('seasons', 'seasons averaged', [1, 2, 3, 4], 1),
        ladder('growth', 'share of last growth kept', [0, 0.25, 0.5, 0.75, 1], 0.5),
      ],
    },
    {
      name: 'smoothing',
      kinds,
      cost: 1,
      weight: 2,
      genes: [
        ladder('level', 'level smoothing', [0.1, 0.2, 0.3, 0.4, 0.6, 0.8], 0.3),
        ladder('trend', 'trend smoothing', [0, 0.02, 0.05, 0.1, 0.2], 0.05),
        ladder('damping', 'trend damping', [0.8, 0.9, 0.95, 0.98, 1], 0.95),
        ladder('seasonal', 'seasonal smoothing', [0.05, 0.1, 0.2, 0.3, 0.5], 0.2),
      ],
    },
    {
      name: 'hist-gb',
      kinds,
      cost: 8,
      weight: 3,
      genes: [
        against,
        memory,
        loss,
        stride,
        halfLife,
        ladder('learningRate', 'learning rate', [0.02, 0.03, 0.05, 0.08, 0.12], 0.05),
        ladder('iterations', 'iterations', [60, 100, 150, 220, 320], 150),
        ladder('leaves', 'leaves', [4, 6, 8, 12, 16, 24, 31], 12),
        ladder('minLeaf', 'smallest leaf', [10, 20, 40, 80, 160], 40),
      ],
    },
    {
      name: 'ridge',
      kinds,
      cost: 1,
      weight: 2,
      genes: [
        against,
        memory,
        startingAt(stride, 1),
        halfLife,
        ladder('penalty', 'penalty', [0.1, 1, 10, 100, 1000], 10),
      ],
    },
    {
      name: 'extra-trees',
      kinds,
      cost: 8,
      weight: 2,
      genes: [
        against,
        memory,
        stride,
        halfLife,
        ladder('trees', 'trees', [60, 100, 150, 250], 100, 0.5),
        ladder('minLeaf', 'smallest leaf', [2, 3, 5, 10, 20, 40], 5),
        ladder('maxFeatures', 'share of features per split', [0.2, 0.35, 0.5, 0.8], 0.5),
      ],
    },
  ],
  program: [
    ladder('backtests', 'backtests', [1, 2, 3, 4], 2, 1),
    choice('blend', 'blend', ['halfway', 'greedy', 'equal'], 1),
  ],
};
