/** Programs for tables: regression and classification on numbers, categories, dates and short texts. */
import { choice, type Grammar, ladder, startingAt } from './gene.ts';

const categories = choice('categories', 'categories', ['one-hot', 'target-mean', 'codes'], 1.5);
const targetMean = startingAt(categories, 'target-mean');
const numbers = choice('numbers', 'numbers', ['standard', 'quantile', 'splines', 'log'], 1.5);
/** Logs of ratios and products of positive numeric columns. */
const ratios = choice('ratios', 'ratios of numbers', ['none', 'ratios'], 1.5);
/** Pairs of categorical columns as new categories. */
const crosses = choice('crosses', 'crossed categories', ['none', 'pairs'], 1.5);
/** Words of the free-text and high-cardinality columns. */
const words = choice('words', 'words of text columns', ['none', 'words'], 1);
const learningRate = ladder('learningRate', 'learning rate', [0.02, 0.03, 0.05, 0.08, 0.12, 0.2], 0.08);
const minLeaf = ladder('minLeaf', 'smallest leaf', [1, 2, 3, 5, 10, 20, 40, 80], 5);
const trees = ladder('trees', 'trees', [60, 100, 150, 250, 400], 100, 0.5);
const maxFeatures = ladder('maxFeatures', 'share of features per split', [0.15, 0.25, 0.4, 0.6, 0.8, 1], 0.6);
/** Kernel and neighbour methods cost more than linearly: they take a sample above this many rows. */
const rows = ladder('rows', 'training rows at most', [2000, 4000, 8000, 16000, 32000], 8000, 0.5);

const both = ['regression', 'classification'] as const;

export const tabularGrammar: Grammar = {
  families: [
    {
      name: 'hist-gb',
      kinds: both,
      cost: 8,
      weight: 3,
      genes: [
        startingAt(categories, 'codes'),
        ratios,
        crosses,
        learningRate,
        ladder('iterations', 'iterations', [60, 100, 150, 220, 320, 480, 700], 150),
        ladder('leaves', 'leaves', [4, 6, 8, 12, 16, 24, 31, 48, 64], 24),
        startingAt(minLeaf, 20),
        ladder('l2', 'L2 penalty', [0, 0.1, 1, 5, 20], 1),
        maxFeatures,
      ],
    },
    {
      name: 'linear',
      kinds: both,
      cost: 1,
      weight: 2,
      genes: [
        categories,
        numbers,
        ratios,
        crosses,
        words,
        ladder('minCount', 'rarest category kept', [1, 3, 6, 10, 20, 40], 6),
        ladder('strength', 'inverse regularisation', [0.01, 0.03, 0.1, 0.2, 0.5, 1, 3, 10], 0.5),
      ],
    },
    {
      name: 'extra-trees',
      kinds: both,
      cost: 10,
      weight: 2,
      genes: [targetMean, ratios, crosses, trees, startingAt(minLeaf, 3), maxFeatures],
    },
    {
      name: 'random-forest',
      kinds: both,
      cost: 16,
      weight: 1,
      genes: [targetMean, ratios, crosses, trees, minLeaf, startingAt(maxFeatures, 0.4)],
    },
    {
      name: 'mlp',
      kinds: both,
      cost: 12,
      weight: 2,
      genes: [
        targetMean,
        startingAt(numbers, 'quantile'),
        ratios,
        ladder('width', 'hidden width', [16, 32, 64, 96, 128], 64),
        ladder('decay', 'weight decay', [0.0001, 0.001, 0.01, 0.1, 1], 0.01),
        ladder('epochs', 'epochs', [6, 10, 15, 25, 40], 15),
      ],
    },
    {
      name: 'knn',
      kinds: both,
      cost: 6,
      weight: 0.7,
      genes: [targetMean, numbers, ladder('neighbours', 'neighbours', [3, 5, 8, 12, 20, 40, 80], 12), rows],
    },
    {
      name: 'svm',
      kinds: both,
      cost: 12,
      weight: 0.7,
      genes: [
        categories,
        numbers,
        ladder('strength', 'C', [0.1, 0.3, 1, 3, 10, 30], 1),
        ladder('gamma', 'kernel width factor', [0.1, 0.3, 1, 3], 0.3),
        startingAt(rows, 4000),
      ],
    },
    // Learns nothing from the inputs: what is left when everything else fails.
    { name: 'constant', kinds: both, cost: 0, weight: 0, genes: [] },
    {
      name: 'naive-bayes',
      kinds: ['classification'],
      cost: 1,
      weight: 0.5,
      genes: [
        ladder('bins', 'bins per number', [4, 8, 16, 32], 8),
        ladder('minCount', 'rarest category kept', [1, 3, 6, 10, 20, 40], 10),
        ladder('smoothing', 'smoothing', [0.1, 0.5, 1, 3, 10], 1),
      ],
    },
  ],
  program: [
    ladder('folds', 'folds', [1, 3, 5, 8], 1, 1.5),
    choice('blend', 'blend', ['greedy', 'halfway', 'equal', 'stacked'], 1),
    choice('target', 'target', ['raw', 'log1p', 'sqrt'], 1.5),
    choice('adjust', 'adjustment', ['none', 'temperature', 'class-offsets'], 1),
  ],
};
