/** Words of a person, as far as a program without a language model can follow them: names of families and a few wishes. */

import { costOf } from './cost.ts';
import { type Genome, grammarOf } from './genome.ts';
import type { Move } from './moves.ts';
import { moveKind } from './summary.ts';

export interface Wish {
  /** As told in the reason of the move. */
  readonly told: string;
  readonly fits: (move: Move, from: Genome) => boolean;
}

const familyWords: Record<string, RegExp> = {
  'hist-gb': /boost|gbm|\bgb\b|xgb|lightgbm|lgbm|catboost|hist-gb/,
  'extra-trees': /extra[- ]?trees|randomi[sz]ed trees/,
  'random-forest': /random[- ]?forest/,
  mlp: /\bmlp\b|neural|network|perceptron/,
  svm: /\bsvm\b|\bsvc\b|support vector|kernel/,
  'linear-svm': /\bsvm\b|\bsvc\b|support vector/,
  knn: /\bknn\b|neighbou?r/,
  linear: /\blinear\b|logistic|ridge|regression model/,
  logistic: /logistic|linear model/,
  ridge: /\bridge\b|linear model/,
  'naive-bayes': /naive bayes|\bnb\b/,
  'complement-nb': /naive bayes|\bnb\b/,
  smoothing: /smoothing|holt|winters|\bets\b/,
  'seasonal-naive': /seasonal naive|last year/,
};

const kinds = (...wanted: string[]) => {
  return (move: Move): boolean => wanted.includes(moveKind(move.label));
};

const wishes: readonly { words: RegExp; told: string; fits: Wish['fits'] }[] = [
  {
    words: /blend|ensemble|combin|\bmix/,
    told: 'blend',
    fits: (move, from) => move.genome.members.length > from.members.length || moveKind(move.label) === 'blend',
  },
  { words: /stack/, told: 'stack', fits: (move) => move.label.endsWith('→ stacked') },
  {
    words: /fast|quick|cheap|speed|time ?out/,
    told: 'faster',
    fits: (move, from) => costOf(move.genome) < 0.9 * costOf(from),
  },
  {
    words: /simpl|small/,
    told: 'simpler',
    fits: (move, from) => move.genome.members.length < from.members.length || costOf(move.genome) < 0.8 * costOf(from),
  },
  { words: /regulari[sz]|overfit/, told: 'more regularisation', fits: (move) => isMoreRegular(move) },
  {
    words: /feature|ratio|interaction|cross(es|ed)? cat/,
    told: 'features',
    fits: kinds(
      'ratios of numbers',
      'crossed categories',
      'numbers',
      'categories',
      'features',
      'words of text columns',
    ),
  },
  { words: /fold|bagg|cross-?valid/, told: 'more folds', fits: kinds('folds', 'backtests') },
  { words: /\blog\b|transform|target scale/, told: 'target', fits: kinds('target') },
  { words: /augment|shift/, told: 'augmentation', fits: kinds('augmentation') },
  { words: /character|n-?gram/, told: 'n-grams', fits: kinds('character n-grams', 'word n-grams') },
  { words: /stem|lemma/, told: 'stems', fits: kinds('stems') },
  { words: /calibrat|threshold|offset/, told: 'adjustment', fits: kinds('adjustment') },
  { words: /learning rate|slower/, told: 'learning rate', fits: kinds('learning rate') },
  { words: /hog|gradients/, told: 'oriented gradients', fits: (move) => / → hog/.test(move.label) },
];

/** Less freedom: fewer leaves, larger leaves, stronger penalties, lower inverse regularisation. */
function isMoreRegular(move: Move): boolean {
  const [, gene, from, to] = /(?:^|: )([^:]+?) (\S+) → (\S+)$/.exec(move.label) ?? [];
  const rises = Number(to) > Number(from);
  if (['weight decay', 'L2 penalty', 'smallest leaf', 'penalty', 'smoothing', 'neighbours'].includes(gene ?? ''))
    return rises;
  return ['C', 'inverse regularisation', 'leaves', 'hidden width', 'iterations'].includes(gene ?? '') && !rises;
}

/** What can be followed of a person's words; empty if nothing can. */
export function wishesIn(guidance: string, genome: Genome): Wish[] {
  const text = guidance.toLowerCase();
  const families = grammarOf(genome.modality)
    .families.filter(({ name }) => text.includes(name) || familyWords[name]?.test(text) === true)
    .map(({ name }) => ({
      told: name,
      fits: (move: Move) =>
        move.label === `add ${name}` || move.label.endsWith(` for ${name}`) || move.label.startsWith(`${name}:`),
    }));
  return [...wishes.filter(({ words }) => words.test(text)).map(({ told, fits }) => ({ told, fits })), ...families];
}

/** A family that a person names for a program from nothing. */
export function familyIn(guidance: string | null, genome: Genome): string | null {
  if (guidance === null) return null;
  const text = guidance.toLowerCase();
  const named = grammarOf(genome.modality).families.find(
    ({ name }) => text.includes(name) || familyWords[name]?.test(text) === true,
  );
  return named?.name ?? null;
}
