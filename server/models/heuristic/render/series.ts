/** Panels of time series: every member forecasts all series at once from their history; backtests weigh the members. */
import { PythonModule } from '../fragments.ts';
import type { Genome, Member } from '../genome.ts';
import type { Problem } from '../problem.ts';
import type { Profile } from '../profile.ts';
import { estimatorOf } from './estimators.ts';
import { head, tail } from './frame.ts';
import { choiceGene, functionNames, lines, listConstant, memberLabels, numberGene, text } from './python.ts';
import { seriesMain } from './seriesMain.ts';

const signature = '(values: np.ndarray, horizon: int, seed: int) -> np.ndarray:';

/** Seasons that features look back besides the last one. */
const memories: Record<string, number> = { short: 0, 'one-season': 1, 'two-seasons': 2 };

function pooledMember(member: Member, functionName: string, problem: Problem, module: PythonModule): string {
  const { genes } = member;
  module.useFragment('filled');
  module.useFragment('origin_features');
  const memory = memories[choiceGene(genes, 'memory')] ?? 1;
  const base = choiceGene(genes, 'against') === 'last-season' ? 'last_season' : 'level';
  const unused = base === 'level' ? 'level, _' : '_, last_season';
  const halfLife = numberGene(genes, 'halfLife');
  // Boosting takes the loss from its gene, whatever the metric.
  const loss = choiceGene(genes, 'loss') === 'absolute' ? 'mae' : 'rmse';
  const linear = member.family === 'ridge';
  if (linear) {
    module.import(
      'from sklearn.linear_model import Ridge\nfrom sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler',
    );
  }
  const estimator = linear
    ? `make_pipeline(StandardScaler(), Ridge(alpha=${numberGene(genes, 'penalty')}))`
    : estimatorOf(member, { ...problem, kind: 'regression', metric: loss }, module).construct;
  const weightName = linear ? 'ridge__sample_weight' : 'sample_weight';
  return lines(
    `def ${functionName}${signature}`,
    `    """${describePooled(member)}."""`,
    '    complete = filled(values)',
    '    features, changes, ages = [], [], []',
    `    first = ${memory + 1} * SEASON`,
    `    for origin in range(len(values) - 1, max(first, 1), -${numberGene(genes, 'stride')}):`,
    '        ahead = min(horizon, len(values) - origin)',
    `        matrix, ${unused} = origin_features(complete, origin, ahead, ${memory})`,
    `        change = values[origin : origin + ahead].ravel() - ${base}`,
    '        known = np.isfinite(change)',
    '        features.append(matrix[known])',
    '        changes.append(change[known])',
    halfLife > 0 && '        ages.append(np.full(known.sum(), (len(values) - origin) / SEASON))',
    `    model = ${estimator}`,
    halfLife > 0
      ? `    model.fit(np.vstack(features), np.concatenate(changes), ${weightName}=0.5 ** (np.concatenate(ages) / ${halfLife}))`
      : '    model.fit(np.vstack(features), np.concatenate(changes))',
    `    matrix, ${unused} = origin_features(complete, len(values), horizon, ${memory})`,
    `    return (model.predict(matrix) + ${base}).reshape(horizon, -1)`,
  ).replace(
    'features, changes, ages = [], [], []',
    halfLife > 0 ? 'features, changes, ages = [], [], []' : 'features, changes = [], []',
  );
}

function memberFunction(member: Member, functionName: string, problem: Problem, module: PythonModule): string {
  const number = (name: string): number => numberGene(member.genes, name);
  if (member.family === 'seasonal-naive') {
    module.useFragment('filled');
    module.useFragment('seasonal_forecast');
    return lines(
      `def ${functionName}${signature}`,
      '    """What the last seasons were, with part of the last growth."""',
      `    return seasonal_forecast(values, horizon, seasons=${number('seasons')}, growth=${number('growth')})`,
    );
  }
  if (member.family === 'smoothing') {
    module.useFragment('filled');
    module.useFragment('smoothed_forecast');
    return lines(
      `def ${functionName}${signature}`,
      '    """Level, damped trend and season of each series, smoothed over its history."""',
      `    return smoothed_forecast(values, horizon, level_rate=${number('level')}, trend_rate=${number('trend')}, damping=${number('damping')}, seasonal_rate=${number('seasonal')})`,
    );
  }
  return pooledMember(member, functionName, problem, module);
}

const familyWords: Record<string, string> = {
  'hist-gb': 'Gradient boosting',
  ridge: 'Ridge regression',
  'extra-trees': 'Extremely randomised trees',
};

function describePooled({ family, genes }: Member): string {
  const against = genes.against === 'last-season' ? 'the same period a season before' : 'the level of the last season';
  return `${familyWords[family] ?? family} over all series and steps: the change against ${against}`;
}

/** Python that numbers the periods of a table, oldest first. */
function periodExpression(time: NonNullable<Profile['time']>): string {
  const [first = 'date', second = 'month'] = time.columns;
  if (time.style === 'year-month')
    return `    return (table[${text(first)}] * 12 + table[${text(second)}] - 1).to_numpy(dtype=int)`;
  if (time.style === 'number') return `    return np.rint(table[${text(first)}] / ${time.step}).to_numpy(dtype=int)`;
  const start = `    date = pd.to_datetime(table[${text(first)}], format="mixed")\n`;
  const days = '(date - pd.Timestamp("2000-01-03"))';
  const numbered: Record<string, string> = {
    year: 'date.dt.year',
    quarter: 'date.dt.year * 4 + date.dt.quarter - 1',
    month: 'date.dt.year * 12 + date.dt.month - 1',
    week: `${days}.dt.days // 7`,
    day: `${days}.dt.days`,
    hour: `${days} // pd.Timedelta(hours=1)`,
  };
  return `${start}    return (${numbered[time.frequency] ?? numbered.day ?? ''}).to_numpy(dtype=int)`;
}

/** Python text of a whole program for a panel of series. `profile.time` must be known. */
export function renderSeriesProgram(genome: Genome, problem: Problem, profile: Profile): string {
  const time = profile.time ?? { style: 'number', columns: ['period'], frequency: 'step', step: 1, season: 1 };
  const module = new PythonModule();
  module.import('import time\nfrom pathlib import Path\nimport numpy as np\nimport pandas as pd');
  module.useFragment(`metric_${problem.metric}`);
  if (problem.metric === 'mase') module.useFragment('seasonal_scale');
  module.define(
    'period_of',
    lines(
      'def period_of(table: pd.DataFrame) -> np.ndarray:',
      `    """The number of the ${time.frequency} of each row."""`,
      periodExpression(time),
    ),
  );
  const keyed = profile.series.length > 0;
  module.define(
    'series_of',
    lines(
      'def series_of(table: pd.DataFrame) -> pd.Series:',
      '    """The series of each row, by name."""',
      keyed
        ? '    return table[SERIES].astype(str).agg(" | ".join, axis=1)'
        : '    return pd.Series("all", index=table.index)',
    ),
  );
  const names = functionNames(genome.members);
  const labels = memberLabels(genome.members);
  const functions = genome.members.map((member, index) =>
    memberFunction(member, names[index] ?? 'member', problem, module),
  );
  const main = seriesMain(genome, problem, profile, module);
  const constants = lines(
    `TARGET = ${text(problem.targets[0])}`,
    keyed && listConstant('SERIES', profile.series),
    `SEASON = ${time.season}`,
  );
  const table = `MEMBERS = {\n${labels.map((label, index) => `    ${text(label)}: ${names[index] ?? ''},\n`).join('')}}`;
  const how = labels.length > 1 ? `a blend of ${labels.join(', ')}` : (labels[0] ?? '');
  return [head(genome, problem, module, constants, how), module.definitions(), ...functions, table, main, tail()].join(
    '\n\n\n',
  );
}
