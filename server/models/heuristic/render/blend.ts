/** Python that puts the predictions of members together: weights or stacking, then an adjustment. */
import type { PythonModule } from '../fragments.ts';
import type { Genome } from '../genome.ts';
import type { Problem } from '../problem.ts';
import { choiceGene, lines } from './python.ts';

export type Adjustment = 'none' | 'temperature' | 'class-offsets';

/** Only where it can help: offsets for labels, temperature for probabilities that a proper score judges. */
export function adjustmentOf(genome: Genome, problem: Problem): Adjustment {
  const wanted = choiceGene(genome.program, 'adjust');
  if (problem.answer === 'label' && wanted === 'class-offsets') return 'class-offsets';
  if (problem.metric === 'log_loss' && wanted === 'temperature') return 'temperature';
  return 'none';
}

/** Whether the program learns anything from held-out rows besides its own score. */
export function learnsBlend(genome: Genome, problem: Problem): boolean {
  return genome.members.length > 1 || adjustmentOf(genome, problem) !== 'none';
}

const combinations: Record<string, string[]> = {
  equal: [
    '',
    '    def together(predictions: list[np.ndarray]) -> np.ndarray:',
    '        return sum(predictions) / len(predictions)',
    '',
  ],
  stacked: ['    together = fit_stack(held_out, TRUTH)'],
  greedy: [
    '    weights = blend_weights(held_out, truth)',
    '    say("weights: " + ", ".join(f"{name} {weight:.2f}" for name, weight in zip(MEMBERS, weights)))',
    '',
    '    def together(predictions: list[np.ndarray]) -> np.ndarray:',
    '        return sum(weight * each for weight, each in zip(weights, predictions))',
    '',
  ],
};

/** On few rows the best weights are partly luck: half way to equal ones rarely errs by much. */
combinations.halfway = [
  '    weights = (blend_weights(held_out, truth) + 1 / len(MEMBERS)) / 2',
  ...(combinations.greedy ?? []).slice(1),
];

const adjustments: Record<Adjustment, { fragment: string | null; lines: string[]; told: string }> = {
  none: { fragment: null, lines: ['    return together'], told: '' },
  'class-offsets': {
    fragment: 'class_offsets',
    lines: [
      '    factors = class_factors(together(held_out), truth)',
      '    return lambda predictions: together(predictions) * factors',
    ],
    told: ', then a factor per class',
  },
  temperature: {
    fragment: 'temperature',
    lines: [
      '    power = best_power(together(held_out), truth)',
      '    return lambda predictions: sharpen(together(predictions), power)',
    ],
    told: ', then how certain to be',
  },
};

/** Defines `loss` and `fit_blend(held_out, truth)`, which returns the function that combines members' predictions. */
export function defineBlend(module: PythonModule, genome: Genome, problem: Problem, scaled: boolean): void {
  if (!learnsBlend(genome, problem)) return;
  const several = genome.members.length > 1;
  const way = choiceGene(genome.program, 'blend');
  const learnsWeights = way === 'greedy' || way === 'halfway';
  const adjustment = adjustments[adjustmentOf(genome, problem)];
  const needsLoss = adjustment.fragment !== null || (several && learnsWeights);
  if (needsLoss) {
    const minus = problem.direction === 'maximize';
    module.define(
      'loss',
      lines(
        'def loss(truth: np.ndarray, predicted: np.ndarray) -> float:',
        `    """What should be small: ${minus ? 'minus the' : 'the'} metric."""`,
        `    return ${minus ? '-' : ''}metric(truth, ${scaled ? 'restored(predicted)' : 'predicted'})`,
      ),
    );
  }
  if (several && learnsWeights) module.useFragment('greedy_weights');
  if (several && way === 'stacked') {
    const classify = problem.kind === 'classification';
    if (classify) module.useFragment('class_scores');
    module.useFragment(classify ? 'stack_classes' : 'stack_values');
  }
  if (adjustment.fragment !== null) module.useFragment(adjustment.fragment);
  module.import('from collections.abc import Callable');
  const alone = [
    '',
    '    def together(predictions: list[np.ndarray]) -> np.ndarray:',
    '        return predictions[0]',
    '',
  ];
  module.define(
    'fit_blend',
    lines(
      'def fit_blend(held_out: list[np.ndarray], truth: np.ndarray) -> Callable[[list[np.ndarray]], np.ndarray]:',
      `    """How to put predictions of the members together, learnt on held-out rows${adjustment.told}."""`,
      ...(several ? (combinations[way] ?? []) : alone).map((line) =>
        line.replace('TRUTH', scaled ? 'learnable(truth)' : 'truth'),
      ),
      ...adjustment.lines,
    ),
  );
}
