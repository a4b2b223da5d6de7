/** What the task wants, boiled down from its manifest: kind of answer, metric, and the predictions file. */
import type { Direction } from '../../../protocol/task.ts';
import type { TaskContext } from '../operatorContext.ts';
import type { ProblemKind } from './genes/gene.ts';
import type { GenomeModality } from './genome.ts';

/** Metrics that programs can compute on their own hold-out. */
export const localMetrics = [
  'rmsle',
  'rmse',
  'mae',
  'r2',
  'spearman',
  'log_loss',
  'roc_auc',
  'accuracy',
  'macro_f1',
  'f1',
  'mase',
] as const;
export type LocalMetric = (typeof localMetrics)[number];

/** What stands in a value column: a number, the chance of one class, the chance of each class, or the class itself. */
export type Answer = 'value' | 'chance' | 'chances' | 'label';

export interface ValueColumn {
  readonly name: string;
  readonly dtype: 'float' | 'int' | 'string';
  readonly min: number | null;
  readonly max: number | null;
  readonly levels: readonly (string | number)[] | null;
}

export interface Problem {
  readonly kind: ProblemKind;
  readonly answer: Answer;
  /** The task's metric, or the nearest that programs can compute. */
  readonly metric: LocalMetric;
  /** True if `metric` only stands in for the task's own. */
  readonly metricIsProxy: boolean;
  readonly direction: Direction;
  readonly targets: readonly [string, ...string[]];
  readonly values: readonly [ValueColumn, ...ValueColumn[]];
  /** Name of the id column of the predictions file, and of the file. */
  readonly idColumn: string;
  readonly file: string;
  readonly horizon: number | null;
  readonly title: string;
}

const synonyms: Record<string, LocalMetric> = {
  rootmeansquaredlogerror: 'rmsle',
  rootmeansquarederror: 'rmse',
  mse: 'rmse',
  meansquarederror: 'rmse',
  meanabsoluteerror: 'mae',
  rsquared: 'r2',
  spearmancorrelation: 'spearman',
  spearmanr: 'spearman',
  logloss: 'log_loss',
  crossentropy: 'log_loss',
  brier: 'log_loss',
  brierscore: 'log_loss',
  auc: 'roc_auc',
  rocauc: 'roc_auc',
  macrof1: 'macro_f1',
  f1macro: 'macro_f1',
};

function knownMetric(name: string): LocalMetric | null {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return localMetrics.find((metric) => metric.replace('_', '') === plain) ?? synonyms[plain] ?? null;
}

const standIn: Record<Answer, LocalMetric> = {
  value: 'rmse',
  chance: 'log_loss',
  chances: 'log_loss',
  label: 'accuracy',
};
const suits: Record<Answer, readonly LocalMetric[]> = {
  value: ['rmsle', 'rmse', 'mae', 'r2', 'spearman', 'mase'],
  chance: ['log_loss', 'roc_auc'],
  chances: ['log_loss', 'roc_auc'],
  label: ['accuracy', 'macro_f1', 'f1'],
};

function answerOf(values: readonly ValueColumn[], rowSum: boolean, metric: LocalMetric | null): Answer {
  const [first] = values;
  if (first === undefined) return 'value';
  if (values.length > 1 && (rowSum || metric === 'log_loss')) return 'chances';
  if (first.dtype === 'string' || first.levels !== null) return 'label';
  if (metric === 'accuracy' || metric === 'macro_f1' || metric === 'f1') return 'label';
  if (metric === 'log_loss' || metric === 'roc_auc') return 'chance';
  return 'value';
}

/** Reads the task's wishes. `forecast` decides whether the rows are points of time series. */
export function problemOf(task: TaskContext, modality: GenomeModality): Problem {
  const values = task.prediction.columns
    .filter((column) => column.role === 'value')
    .map((column) => ({
      name: column.name,
      dtype: column.dtype,
      min: column.min ?? null,
      max: column.max ?? null,
      levels: column.levels ?? null,
    }));
  const fallback: ValueColumn = { name: 'prediction', dtype: 'float', min: null, max: null, levels: null };
  const [first = fallback, ...others] = values;
  const named = knownMetric(task.metric.name);
  const answer = answerOf(values, task.prediction.row_sum !== undefined, named);
  const metric = named !== null && suits[answer].includes(named) ? named : standIn[answer];
  const [target = first.name, ...moreTargets] = task.target;
  return {
    kind: answer !== 'value' ? 'classification' : modality === 'time-series' ? 'forecast' : 'regression',
    answer,
    metric,
    metricIsProxy: metric !== named,
    direction: metric === named ? task.metric.direction : directionOf(metric),
    targets: [target, ...(answer === 'value' ? moreTargets : [])],
    values: [first, ...others],
    idColumn: task.prediction.columns.find((column) => column.role === 'id')?.name ?? 'id',
    file: task.prediction.file,
    horizon: task.horizon,
    title: task.title,
  };
}

function directionOf(metric: LocalMetric): Direction {
  const maximised: readonly LocalMetric[] = ['r2', 'spearman', 'roc_auc', 'accuracy', 'macro_f1', 'f1'];
  return maximised.includes(metric) ? 'maximize' : 'minimize';
}
