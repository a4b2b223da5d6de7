/** Tables: numbers, categories, dates and texts by scikit-learn's column transformers. */
import type { PythonModule } from '../fragments.ts';
import type { Member } from '../genome.ts';
import { columnsOf, crossColumns, type Profile, ratioColumns } from '../profile.ts';
import { estimatorOf } from './estimators.ts';
import type { MemberRequest, RowModality } from './member.ts';
import { choiceGene, indent, lines, listConstant, numberGene } from './python.ts';

const dense = new Set(['hist-gb', 'extra-trees', 'random-forest', 'knn', 'svm', 'mlp']);
const trees = new Set(['hist-gb', 'extra-trees', 'random-forest']);
const mostTextLevels = 50;

/** Numeric columns by name: those of the data and the parts of dates. */
function numberColumns(profile: Profile): string[] {
  const dates = columnsOf(profile, 'date');
  return [
    ...columnsOf(profile, 'number'),
    ...dates.flatMap((name) => [`${name} day`, `${name} month`, `${name} weekday`]),
  ];
}

/** Columns whose words can be counted: free texts, and names with many values of several words. */
function wordColumns(profile: Profile): string[] {
  return profile.columns
    .filter(
      ({ kind, unique, words }) => kind === 'text' || (kind === 'category' && unique > mostTextLevels && words >= 1.3),
    )
    .map(({ name }) => name);
}

const uses = (members: readonly Member[], gene: string, value: string): boolean =>
  members.some((member) => member.genes[gene] === value);
const usesRatios = (members: readonly Member[], profile: Profile): boolean =>
  uses(members, 'ratios', 'ratios') && ratioColumns(profile).length > 1;
const usesCrosses = (members: readonly Member[], profile: Profile): boolean =>
  uses(members, 'crosses', 'pairs') && crossColumns(profile).length > 1;
const usesWords = (members: readonly Member[], profile: Profile): boolean =>
  uses(members, 'words', 'words') && wordColumns(profile).length > 0;

/** Whether a gene can change anything on this data: no ratios without positive numbers, no crosses without categories. */
export function tabularGeneApplies(gene: string, profile: Profile): boolean {
  if (gene === 'ratios') return ratioColumns(profile).length > 1;
  if (gene === 'crosses') return crossColumns(profile).length > 1;
  if (gene === 'words') return wordColumns(profile).length > 0;
  if (gene === 'categories' || gene === 'minCount') return columnsOf(profile, 'category').length > 0;
  if (gene === 'numbers' || gene === 'bins') return numberColumns(profile).length > 0;
  return true;
}

function constants(members: readonly Member[], _problem: unknown, profile: Profile): string {
  const dates = columnsOf(profile, 'date');
  return lines(
    listConstant('NUMBERS', columnsOf(profile, 'number')),
    listConstant('CATEGORIES', columnsOf(profile, 'category')),
    dates.length > 0 && listConstant('DATES', dates),
    dates.length > 0 && 'DATE_PARTS = [f"{name} {part}" for name in DATES for part in ("day", "month", "weekday")]',
    usesRatios(members, profile) && listConstant('RATIO_COLUMNS', ratioColumns(profile)),
    usesRatios(members, profile) &&
      'RATIOS = [f"{first} {sign} {second}" for first, second in combinations(RATIO_COLUMNS, 2) for sign in "/*"]',
    usesCrosses(members, profile) && listConstant('CROSSED', crossColumns(profile)),
    usesCrosses(members, profile) && 'PAIRS = [f"{first} & {second}" for first, second in combinations(CROSSED, 2)]',
    usesWords(members, profile) && listConstant('WORDED', wordColumns(profile)),
  );
}

function defineReading(members: readonly Member[], profile: Profile, module: PythonModule): void {
  const dates = columnsOf(profile, 'date').length > 0;
  const ratios = usesRatios(members, profile);
  const crosses = usesCrosses(members, profile);
  const words = usesWords(members, profile);
  if (ratios || crosses) module.import('from itertools import combinations');
  module.define(
    'read_rows',
    lines(
      'def read_rows(folder: Path, table: pd.DataFrame) -> pd.DataFrame:',
      '    """Numbers as floats, categories as text, and what is made from them; the same for training rows and inputs."""',
      '    numbers = table[NUMBERS].apply(pd.to_numeric, errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)',
      '    categories = table[CATEGORIES].astype(object).fillna("missing").astype(str)',
      '    columns = {**numbers, **categories}',
      dates && '    for name in DATES:',
      dates && '        date = pd.to_datetime(table[name], errors="coerce", format="mixed")',
      dates && '        columns[f"{name} day"] = (date - pd.Timestamp("2000-01-01")).dt.days.astype(float)',
      dates && '        columns[f"{name} month"] = date.dt.month.astype(float)',
      dates && '        columns[f"{name} weekday"] = date.dt.day_of_week.astype(float)',
      ratios && '    logs = {name: np.log(numbers[name].where(numbers[name] > 0)) for name in RATIO_COLUMNS}',
      ratios && '    for first, second in combinations(RATIO_COLUMNS, 2):',
      ratios && '        columns[f"{first} / {second}"] = logs[first] - logs[second]',
      ratios && '        columns[f"{first} * {second}"] = logs[first] + logs[second]',
      crosses && '    for first, second in combinations(CROSSED, 2):',
      crosses && '        columns[f"{first} & {second}"] = categories[first] + " & " + categories[second]',
      words && '    columns["words"] = table[WORDED].astype(object).fillna("").astype(str).agg(" ".join, axis=1)',
      '    return pd.DataFrame(columns, index=table.index)',
    ),
  );
  module.define(
    'groups_of',
    lines(
      'def groups_of(rows: pd.DataFrame) -> np.ndarray:',
      '    """A number for each row that equal rows share."""',
      '    return pd.util.hash_pandas_object(rows, index=False).to_numpy()',
    ),
  );
}

/** The steps of the column transformer, each `("name", transformer, COLUMNS)`. */
function columnSteps({ member, problem, profile, module }: MemberRequest): string[] {
  const named = (from: string, name: string): string => {
    module.import(`from ${from} import ${name}`);
    return name;
  };
  const pipeline = (...steps: string[]): string =>
    steps.length === 1 ? (steps[0] ?? '') : `${named('sklearn.pipeline', 'make_pipeline')}(${steps.join(', ')})`;
  const imputed = (): string => `${named('sklearn.impute', 'SimpleImputer')}(strategy="median", add_indicator=True)`;
  const scaler = (): string => `${named('sklearn.preprocessing', 'StandardScaler')}()`;
  const isTree = trees.has(member.family);
  const steps: string[] = [];

  const numberSource = lines('NUMBERS').concat(columnsOf(profile, 'date').length > 0 ? ' + DATE_PARTS' : '');
  const withRatios = member.genes.ratios === 'ratios' && ratioColumns(profile).length > 1;
  if (numberColumns(profile).length > 0) {
    const columns = withRatios ? `${numberSource} + RATIOS` : numberSource;
    const step = ((): string => {
      if (member.family === 'hist-gb') return '"passthrough"';
      if (isTree) return imputed();
      if (member.family === 'naive-bayes') {
        const bins = `${named('sklearn.preprocessing', 'KBinsDiscretizer')}(${numberGene(member.genes, 'bins')}, encode="onehot", quantile_method="averaged_inverted_cdf")`;
        return pipeline(imputed(), bins);
      }
      switch (choiceGene(member.genes, 'numbers')) {
        case 'quantile':
          return pipeline(
            `${named('sklearn.preprocessing', 'QuantileTransformer')}(n_quantiles=200, output_distribution="normal")`,
            imputed(),
          );
        case 'splines':
          return pipeline(
            imputed(),
            scaler(),
            `${named('sklearn.preprocessing', 'SplineTransformer')}(n_knots=6, knots="uniform", extrapolation="linear")`,
          );
        case 'log':
          module.useFragment('signed_log');
          return pipeline(imputed(), `${named('sklearn.preprocessing', 'FunctionTransformer')}(signed_log)`, scaler());
        default:
          return pipeline(imputed(), scaler());
      }
    })();
    steps.push(`("numbers", ${step}, ${columns})`);
  }

  const withPairs = member.genes.crosses === 'pairs' && crossColumns(profile).length > 1;
  if (columnsOf(profile, 'category').length > 0) {
    const columns = withPairs ? 'CATEGORIES + PAIRS' : 'CATEGORIES';
    const step = ((): string => {
      switch (member.family === 'naive-bayes' ? 'one-hot' : choiceGene(member.genes, 'categories')) {
        case 'target-mean': {
          const folds = problem.kind === 'classification' ? 'StratifiedKFold' : 'KFold';
          const cv = `${named('sklearn.model_selection', folds)}(5, shuffle=True, random_state=seed)`;
          const encoder = `${named('sklearn.preprocessing', 'TargetEncoder')}(cv=${cv})`;
          return isTree ? encoder : pipeline(encoder, scaler());
        }
        case 'codes': {
          const unknown = member.family === 'hist-gb' ? 'np.nan' : '-1';
          return `${named('sklearn.preprocessing', 'OrdinalEncoder')}(handle_unknown="use_encoded_value", unknown_value=${unknown}, max_categories=200)`;
        }
        default: {
          const rare = numberGene(member.genes, 'minCount') || 10;
          const most = dense.has(member.family) ? ', max_categories=60' : '';
          return `${named('sklearn.preprocessing', 'OneHotEncoder')}(handle_unknown="infrequent_if_exist", min_frequency=${rare}${most})`;
        }
      }
    })();
    steps.push(`("categories", ${step}, ${columns})`);
  }
  if (member.genes.words === 'words' && wordColumns(profile).length > 0) {
    steps.push(
      `("words", ${named('sklearn.feature_extraction.text', 'TfidfVectorizer')}(min_df=3, sublinear_tf=True), "words")`,
    );
  }
  return steps;
}

function memberFunction(request: MemberRequest): string {
  const { member, functionName, problem, profile, module } = request;
  module.import('from sklearn.compose import ColumnTransformer');
  module.import('from collections.abc import Callable');
  const steps = columnSteps(request);
  const estimator = estimatorOf(member, problem, module);
  const isHist = member.family === 'hist-gb';
  const capped = numberGene(member.genes, 'rows');
  if (capped > 0) module.useFragment('sample_rows');
  const codes = isHist && choiceGene(member.genes, 'categories') === 'codes';
  return lines(
    `def ${functionName}(rows: pd.DataFrame, target: np.ndarray, seed: int) -> Callable[[pd.DataFrame], np.ndarray]:`,
    `    """${describeTabular(member)}."""`,
    capped > 0 && `    rows, target = sample_rows(rows, target, ${capped}, seed)`,
    '    columns = ColumnTransformer(',
    '        [',
    ...steps.map((step) => indent(`${step},`, 12)),
    `        ]${dense.has(member.family) ? ',\n        sparse_threshold=0,' : ','}`,
    '    )',
    '    matrix = columns.fit_transform(rows, target)',
    codes &&
      (columnsOf(profile, 'category').length > 0
        ? '    categorical = np.arange(matrix.shape[1])[columns.output_indices_["categories"]]'
        : '    categorical = None'),
    `    model = ${estimator.construct}`,
    '    model.fit(matrix, target)',
    `    return lambda rows: ${estimator.predict('columns.transform(rows)')}`,
  );
}

const familyWords: Record<string, string> = {
  'hist-gb': 'Gradient boosting on histograms',
  linear: 'A linear model',
  'extra-trees': 'Extremely randomised trees',
  'random-forest': 'A random forest',
  mlp: 'A small neural network',
  knn: 'Nearest neighbours',
  svm: 'A support vector machine with a Gaussian kernel',
  'naive-bayes': 'Naive Bayes on binned numbers and categories',
};

function describeTabular(member: Member): string {
  const { genes } = member;
  const parts = [
    genes.categories === undefined ? null : `categories as ${String(genes.categories).replace('-', ' ')}`,
    genes.numbers === undefined ? null : `numbers: ${genes.numbers}`,
    genes.ratios === 'ratios' ? 'with ratios' : null,
    genes.crosses === 'pairs' ? 'with crossed categories' : null,
  ].filter((part) => part !== null);
  return [familyWords[member.family] ?? member.family, ...parts].join('; ');
}

export const tabular: RowModality = { constants, defineReading, memberFunction, rowsType: 'pd.DataFrame' };
