/** The scikit-learn estimator of a member, and how its fitted form answers: the same for tables, images and texts. */
import type { PythonModule } from '../fragments.ts';
import type { Member } from '../genome.ts';
import type { Problem } from '../problem.ts';
import { choiceGene, numberGene } from './python.ts';

/** A fitted member as Python text: `construct` makes the estimator, `predict` answers for the matrix in `of`. */
export interface Estimator {
  readonly construct: string;
  /** For a fitted estimator named `model` and a matrix expression. */
  readonly predict: (matrix: string) => string;
}

const sum = (parts: readonly (string | null)[]): string => parts.filter((part) => part !== null).join(', ');

/** Adds the imports it needs to `module`. `matrix` names the training matrix, for what depends on its shape. */
export function estimatorOf(member: Member, problem: Problem, module: PythonModule, matrix = 'matrix'): Estimator {
  const classify = problem.kind === 'classification';
  const number = (name: string): number => numberGene(member.genes, name);
  const named = (from: string, name: string): string => {
    module.import(`from ${from} import ${name}`);
    return name;
  };
  const kindName = (from: string, base: string): string =>
    named(from, `${base}${classify ? 'Classifier' : 'Regressor'}`);
  const chances = (construct: string): Estimator => {
    if (!classify) return { construct, predict: (of) => `model.predict(${of})` };
    module.useFragment('class_scores');
    return { construct, predict: (of) => `class_scores(model, model.predict_proba(${of}))` };
  };
  const decided = (construct: string, sharpness: number): Estimator => {
    if (problem.answer !== 'label') {
      // A metric of probabilities needs real ones: fit a logistic curve to the decisions of three inner folds.
      named('sklearn.calibration', 'CalibratedClassifierCV');
      return chances(`CalibratedClassifierCV(${construct}, cv=3, ensemble=False)`);
    }
    module.useFragment('class_scores');
    module.useFragment('softmax_decision');
    return { construct, predict: (of) => `decision_scores(model, model.decision_function(${of}), ${sharpness})` };
  };
  /** Scales the target too, which methods by gradient or margin need. */
  const scaledTarget = (construct: string): Estimator => {
    named('sklearn.compose', 'TransformedTargetRegressor');
    named('sklearn.preprocessing', 'StandardScaler');
    return chances(`TransformedTargetRegressor(${construct}, transformer=StandardScaler())`);
  };
  const classWeight = ((): string | null => {
    if (!classify) return null;
    const balance = member.genes.balance;
    if (balance === 'balanced') return 'class_weight="balanced"';
    if (balance === 'half') {
      module.useFragment('half_balanced');
      return 'class_weight=half_balanced(target)';
    }
    return null;
  })();

  switch (member.family) {
    case 'hist-gb': {
      const loss = problem.metric === 'mae' && !classify ? 'loss="absolute_error"' : null;
      const codes = choiceGene(member.genes, 'categories') === 'codes' ? 'categorical_features=categorical' : null;
      return chances(
        `${kindName('sklearn.ensemble', 'HistGradientBoosting')}(${sum([
          loss,
          `learning_rate=${number('learningRate')}`,
          `max_iter=${number('iterations')}`,
          `max_leaf_nodes=${number('leaves')}`,
          `min_samples_leaf=${number('minLeaf')}`,
          `l2_regularization=${number('l2')}`,
          number('maxFeatures') > 0 ? `max_features=${number('maxFeatures').toFixed(2)}` : null,
          codes,
          'early_stopping=False',
          'random_state=seed',
        ])})`,
      );
    }
    case 'extra-trees':
    case 'random-forest': {
      const base = member.family === 'extra-trees' ? 'ExtraTrees' : 'RandomForest';
      const share = number('maxFeatures') === 0 ? '"sqrt"' : number('maxFeatures').toFixed(2);
      return chances(
        `${kindName('sklearn.ensemble', base)}(${sum([
          `n_estimators=${number('trees')}`,
          `min_samples_leaf=${number('minLeaf')}`,
          `max_features=${share}`,
          'n_jobs=CPUS',
          'random_state=seed',
        ])})`,
      );
    }
    case 'linear':
    case 'logistic': {
      const strength = number('strength');
      if (!classify) return chances(`${named('sklearn.linear_model', 'Ridge')}(alpha=${round(1 / strength)})`);
      const name = named('sklearn.linear_model', 'LogisticRegression');
      mayStopEarly(module);
      const iterations = member.family === 'logistic' ? 40 : 300;
      return chances(`${name}(${sum([`C=${strength}`, classWeight, `max_iter=${iterations}`])})`);
    }
    case 'ridge': {
      if (!classify) return chances(`${named('sklearn.linear_model', 'Ridge')}(alpha=${number('penalty')})`);
      const name = named('sklearn.linear_model', 'RidgeClassifier');
      return decided(`${name}(${sum([`alpha=${number('penalty')}`, classWeight, 'solver="sparse_cg"'])})`, 5);
    }
    case 'linear-svm': {
      if (!classify) return scaledTarget(`${named('sklearn.svm', 'LinearSVR')}(C=${number('strength')})`);
      const name = named('sklearn.svm', 'LinearSVC');
      return decided(`${name}(${sum([`C=${number('strength')}`, classWeight, 'random_state=seed'])})`, 3);
    }
    case 'svm': {
      const gamma = `gamma=${number('gamma')} / (${matrix}.shape[1] * ${matrix}.var())`;
      if (!classify) return scaledTarget(`${named('sklearn.svm', 'SVR')}(C=${number('strength')}, ${gamma})`);
      return decided(
        `${named('sklearn.svm', 'SVC')}(C=${number('strength')}, ${gamma}, decision_function_shape="ovr")`,
        2,
      );
    }
    case 'knn': {
      const metric = member.genes.words !== undefined && member.genes.stems !== undefined ? 'metric="cosine"' : null;
      return chances(
        `${kindName('sklearn.neighbors', 'KNeighbors')}(${sum([`n_neighbors=${number('neighbours')}`, 'weights="distance"', metric, 'n_jobs=CPUS'])})`,
      );
    }
    case 'mlp': {
      const construct = `${kindName('sklearn.neural_network', 'MLP')}(${sum([
        `hidden_layer_sizes=(${number('width')}, ${number('width') / 2})`,
        `alpha=${number('decay')}`,
        `max_iter=${number('epochs')}`,
        'learning_rate_init=0.003',
        'random_state=seed',
      ])})`;
      mayStopEarly(module);
      return classify ? chances(construct) : scaledTarget(construct);
    }
    case 'naive-bayes':
      return chances(`${named('sklearn.naive_bayes', 'BernoulliNB')}(alpha=${number('smoothing')})`);
    case 'complement-nb': {
      module.useFragment('class_scores');
      const name = named('sklearn.naive_bayes', 'ComplementNB');
      return chances(`${name}(alpha=${number('smoothing')})`);
    }
    default:
      throw new RangeError(`no estimator for the family ${member.family}: add it to render/estimators.ts`);
  }
}

/** The limit on iterations is a choice here, not an accident: no warning for it. */
function mayStopEarly(module: PythonModule): void {
  module.import('import warnings\nfrom sklearn.exceptions import ConvergenceWarning');
  module.setup('warnings.filterwarnings("ignore", category=ConvergenceWarning)');
}

/** Four significant digits: 1 / 0.03 is not a setting anyone would write down in full. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
