/** Python that reads a panel, backtests its members, and writes forecasts. */
import type { PythonModule } from '../fragments.ts';
import type { Genome } from '../genome.ts';
import type { Problem } from '../problem.ts';
import type { Profile } from '../profile.ts';
import { choiceGene, lines, numberGene, text } from './python.ts';

/** Adds what main needs to `module`; returns read_panel, backtest, (blend,) write and main. */
export function seriesMain(genome: Genome, problem: Problem, profile: Profile, module: PythonModule): string {
  const several = genome.members.length > 1;
  const way = choiceGene(genome.program, 'blend');
  const greedy = several && way !== 'equal';
  // Sizes and counts grow by factors: members learn their logs. A target that can be negative is left as it is.
  const logs = (profile.targets[0]?.min ?? -1) >= 0;
  const restored = (values: string): string => (logs ? `np.maximum(np.expm1(${values}), 0)` : values);
  const scaled = problem.metric === 'mase';
  if (several) module.import('from collections.abc import Callable');
  if (greedy) {
    module.define(
      'loss',
      lines(
        'def loss(truth: np.ndarray, predicted: np.ndarray) -> float:',
        '    """What should be small."""',
        `    return ${problem.direction === 'maximize' ? '-' : ''}metric(truth, predicted)`,
      ),
    );
    module.useFragment('greedy_weights');
  }
  return [
    lines(
      'def read_panel() -> pd.DataFrame:',
      '    """The history with a row for every period up to its end and a column for every series; gaps are NaN."""',
      '    table = pd.read_csv(TRAIN_DIR / "train.csv")',
      '    values = pd.to_numeric(table[TARGET], errors="coerce")',
      '    long = pd.DataFrame({"period": period_of(table), "series": series_of(table), "value": values})',
      '    panel = long.pivot_table(index="period", columns="series", values="value", aggfunc="mean", dropna=False)',
      '    return panel.reindex(range(long["period"].min(), long["period"].max() + 1)).astype(float)',
    ),
    lines(
      'def forecast_all(values: np.ndarray, horizon: int) -> list[np.ndarray]:',
      '    """The forecast of each member, shape (horizon, series), on the scale of the target."""',
      logs ? '    learnt = np.log1p(np.maximum(values, 0))' : null,
      `    return [${restored(`fit(${logs ? 'learnt' : 'values'}, horizon, SEED)`)} for fit in MEMBERS.values()]`,
    ),
    lines(
      'def backtest(values: np.ndarray, horizon: int, times: int) -> tuple[list[np.ndarray], np.ndarray]:',
      `    """Forecasts of each member from earlier origins, and what came of it${scaled ? ', both divided by the scale of the series' : ''}."""`,
      '    forecasts, truths = [], []',
      '    for number in range(times):',
      '        origin = len(values) - horizon - number * max(horizon // 2, 1)',
      '        if origin < 4 * SEASON or time.monotonic() - STARTED > 0.5 * TIME_LIMIT_S:',
      '            break',
      '        truth = values[origin : origin + horizon]',
      '        known = np.isfinite(truth)',
      scaled && '        scale = np.broadcast_to(seasonal_scale(values[:origin]), truth.shape)[known]',
      `        truths.append(truth[known]${scaled ? ' / scale' : ''})`,
      `        forecasts.append([each[known]${scaled ? ' / scale' : ''} for each in forecast_all(values[:origin], horizon)])`,
      '    if not truths:',
      '        return [], np.array([])',
      '    return [np.concatenate(each) for each in zip(*forecasts)], np.concatenate(truths)',
    ),
    ...(several ? [blendFunction(way)] : []),
    lines(
      'def main() -> None:',
      '    """Reads, backtests, forecasts, writes."""',
      '    panel = read_panel()',
      `    inputs = pd.read_csv(EVAL_DIR / "inputs.csv", dtype={${text(problem.idColumn)}: str})`,
      '    ahead = period_of(inputs) - panel.index[-1]',
      '    horizon = int(max(ahead.max(), 1))',
      '    say(f"{panel.shape[1]} series, {len(panel)} periods, {horizon} ahead")',
      '    values = panel.to_numpy()',
      `    held_out, truth = backtest(values, horizon, ${numberGene(genome.program, 'backtests')})`,
      '    for name, each in zip(MEMBERS, held_out):',
      '        say(f"{name} local holdout {METRIC}={metric(truth, each):.5f}")',
      ...(several
        ? [
            '    together = fit_blend(held_out, truth)',
            '    if held_out:',
            '        say(f"local holdout {METRIC}={metric(truth, together(held_out)):.5f}")',
            '    forecast = together(forecast_all(values, horizon))',
          ]
        : ['    [forecast] = forecast_all(values, horizon)']),
      '    column = panel.columns.get_indexer(series_of(inputs))',
      '    predicted = forecast[np.clip(ahead - 1, 0, horizon - 1), column]',
      '    # A series without a history gets what is usual.',
      '    predicted = np.where(column < 0, np.median(forecast), predicted)',
      ...bounds(problem),
      '    OUT_DIR.mkdir(parents=True, exist_ok=True)',
      `    output = pd.DataFrame({${text(problem.idColumn)}: inputs[${text(problem.idColumn)}], ${text(problem.values[0].name)}: predicted})`,
      `    output.to_csv(OUT_DIR / ${text(problem.file)}, index=False)`,
      '    say(f"wrote predictions of {len(output)} rows")',
    ),
  ].join('\n\n\n');
}

function bounds(problem: Problem): string[] {
  const [column] = problem.values;
  const low = column.min === null ? 'None' : String(column.min);
  const high = column.max === null ? 'None' : String(column.max);
  return [
    ...(low === 'None' && high === 'None' ? [] : [`    predicted = np.clip(predicted, ${low}, ${high})`]),
    ...(column.dtype === 'int' ? ['    predicted = np.rint(predicted).astype(int)'] : []),
  ];
}

/** Few backtests say little about weights: half way to equal ones rarely errs by much. */
const weightExpressions: Record<string, string> = {
  equal: 'equal',
  greedy: 'blend_weights(held_out, truth) if held_out else equal',
  halfway: '(blend_weights(held_out, truth) + equal) / 2 if held_out else equal',
};

function blendFunction(way: string): string {
  return lines(
    'def fit_blend(held_out: list[np.ndarray], truth: np.ndarray) -> Callable[[list[np.ndarray]], np.ndarray]:',
    '    """How to put the forecasts of the members together, learnt from the backtests."""',
    '    equal = np.full(len(MEMBERS), 1 / len(MEMBERS))',
    `    weights = ${weightExpressions[way] ?? 'equal'}`,
    '    say("weights: " + ", ".join(f"{name} {weight:.2f}" for name, weight in zip(MEMBERS, weights)))',
    '    return lambda forecasts: sum(weight * each for weight, each in zip(weights, forecasts))',
  );
}
