/** Programs for small images in one `.npy` array: classification and regression. */
import { choice, type Grammar, ladder, startingAt } from './gene.ts';

const shape = choice('shape', 'shape', ['deskew', 'as-is'], 0.7);
const features = choice('features', 'features', ['hog', 'pixels', 'hog+pixels'], 1.5);
const components = ladder('components', 'PCA components', [25, 40, 60, 80, 120, 160], 60);
const shifts = choice('shifts', 'augmentation', ['none', 'shift-4', 'shift-8'], 1.5);
const cell = ladder('cell', 'HOG cell', [4, 5, 6, 7], 4);
const orientations = ladder('orientations', 'HOG orientations', [6, 8, 9, 12], 9, 0.7);
const describe = [shape, features, cell, orientations, components, shifts] as const;
const both = ['regression', 'classification'] as const;

export const imageGrammar: Grammar = {
  families: [
    {
      name: 'svm',
      kinds: both,
      cost: 12,
      weight: 3,
      genes: [
        ...describe,
        ladder('strength', 'C', [1, 2, 3, 5, 10, 20], 5),
        ladder('gamma', 'kernel width factor', [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2], 1),
      ],
    },
    {
      name: 'knn',
      kinds: both,
      cost: 6,
      weight: 1.5,
      genes: [...describe, ladder('neighbours', 'neighbours', [1, 3, 4, 6, 10], 4)],
    },
    {
      name: 'mlp',
      kinds: both,
      cost: 10,
      weight: 2,
      genes: [
        ...describe,
        ladder('width', 'hidden width', [64, 128, 200, 300], 128),
        ladder('decay', 'weight decay', [0.0001, 0.001, 0.01, 0.1, 1], 0.1),
        ladder('epochs', 'epochs', [6, 10, 15, 25, 40], 15),
      ],
    },
    {
      name: 'linear',
      kinds: both,
      cost: 5,
      weight: 1,
      genes: [
        ...describe.map((gene) => (gene === components ? startingAt(gene, 120) : gene)),
        ladder('strength', 'inverse regularisation', [0.003, 0.01, 0.03, 0.1, 0.3, 1], 0.1),
      ],
    },
    // Learns nothing from the inputs: what is left when everything else fails.
    { name: 'constant', kinds: both, cost: 0, weight: 0, genes: [] },
    {
      name: 'extra-trees',
      kinds: both,
      cost: 8,
      weight: 1,
      genes: [
        ...describe,
        ladder('trees', 'trees', [100, 150, 250, 400, 600], 150),
        ladder('minLeaf', 'smallest leaf', [1, 2, 3, 5], 1),
      ],
    },
  ],
  program: [
    ladder('folds', 'folds', [1, 3, 5], 1, 1),
    choice('blend', 'blend', ['greedy', 'halfway', 'equal', 'stacked'], 1),
    choice('target', 'target', ['raw', 'log1p', 'sqrt'], 1),
    choice('adjust', 'adjustment', ['none', 'temperature', 'class-offsets'], 0.5),
  ],
};
