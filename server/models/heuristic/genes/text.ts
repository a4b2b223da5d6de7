/** Programs for short texts: classification and regression on counts of words and character sequences. */
import { choice, type Grammar, ladder, startingAt } from './gene.ts';

const words = choice('words', 'word n-grams', ['1-2', '1', '1-3', 'none'], 1);
const characters = choice('characters', 'character n-grams', ['none', '2-4', '2-5', '3-6'], 1.5);
const stems = choice('stems', 'stems', ['none', 'suffixes'], 1.5);
const minCount = ladder('minCount', 'rarest n-gram kept', [1, 2, 3, 5], 1);
/** Scales each n-gram by how strongly it speaks for each class (naive Bayes log-count ratios). */
const ratios = choice('ratios', 'naive Bayes weights', ['none', 'log-count-ratios'], 1);
const balance = choice('balance', 'class weights', ['balanced', 'none', 'half'], 1);
const counts = [words, characters, stems, minCount] as const;
const both = ['regression', 'classification'] as const;

export const textGrammar: Grammar = {
  families: [
    {
      name: 'linear-svm',
      kinds: both,
      cost: 3,
      weight: 2.5,
      genes: [...counts, ratios, balance, ladder('strength', 'C', [0.03, 0.06, 0.1, 0.2, 0.4, 0.8, 1.5], 0.2)],
    },
    {
      name: 'logistic',
      kinds: ['classification'],
      cost: 6,
      weight: 2.5,
      genes: [...counts, ratios, balance, ladder('strength', 'inverse regularisation', [0.5, 1, 2, 4, 8, 16, 32], 8)],
    },
    {
      name: 'complement-nb',
      kinds: ['classification'],
      cost: 1,
      weight: 1.5,
      genes: [
        startingAt(words, '1'),
        characters,
        stems,
        minCount,
        ladder('smoothing', 'smoothing', [0.05, 0.1, 0.2, 0.4, 0.8, 1.5], 0.4),
      ],
    },
    {
      name: 'ridge',
      kinds: both,
      cost: 4,
      weight: 1,
      genes: [...counts, balance, ladder('penalty', 'penalty', [0.2, 0.5, 1, 2, 4], 1)],
    },
    // Learns nothing from the inputs: what is left when everything else fails.
    { name: 'constant', kinds: both, cost: 0, weight: 0, genes: [] },
    {
      name: 'knn',
      kinds: both,
      cost: 2,
      weight: 1,
      genes: [...counts, ladder('neighbours', 'neighbours', [5, 10, 15, 25, 40], 15)],
    },
  ],
  program: [
    ladder('folds', 'folds', [1, 3, 5, 8], 1, 1.5),
    choice('blend', 'blend', ['greedy', 'halfway', 'equal', 'stacked'], 1),
    choice('target', 'target', ['raw', 'log1p', 'sqrt'], 1),
    choice('adjust', 'adjustment', ['none', 'class-offsets', 'temperature'], 1.5),
  ],
};
