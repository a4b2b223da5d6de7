/** Python that estimates the score, fits the members and writes the predictions of a row-wise program. */
import type { Problem, ValueColumn } from '../problem.ts';
import { indent, lines, text } from './python.ts';

export interface MainRequest {
  readonly problem: Problem;
  readonly rowsType: string;
  readonly folds: number;
  readonly blends: boolean;
  /** True if members learn a transformed target. */
  readonly scaled: boolean;
}

/** `predict_inputs(rows, target, inputs)`: one fifth held out for the estimate, then everything learnt again from all rows. */
function holdoutPrediction({ rowsType, blends, scaled, problem }: MainRequest): string {
  const learnt = scaled ? 'learnt' : 'target';
  const shown = (predicted: string): string => (scaled ? `restored(${predicted})` : predicted);
  const classes = problem.kind === 'classification' ? 'the score of each class for' : 'predictions of';
  return lines(
    `def predict_inputs(rows: ${rowsType}, target: np.ndarray, inputs: ${rowsType}) -> np.ndarray:`,
    `    """Estimates on a fifth of the rows, then learns from all; returns ${classes} the inputs."""`,
    scaled && '    learnt = learnable(target)',
    '    held = fold_numbers(groups_of(rows), 5) == 0',
    `    predictors = [fit(rows[~held], ${learnt}[~held], SEED) for fit in MEMBERS.values()]`,
    '    held_out = [predict(rows[held]) for predict in predictors]',
    '    for name, each in zip(MEMBERS, held_out):',
    `        say(f"{name} local holdout {METRIC}={metric(target[held], ${shown('each')}):.5f}")`,
    blends && '    together = fit_blend(held_out, target[held])',
    blends && `    say(f"local holdout {METRIC}={metric(target[held], ${shown('together(held_out)')}):.5f}")`,
    '    if time.monotonic() - STARTED < 0.4 * TIME_LIMIT_S:  # else the models of the estimate must do',
    `        predictors = [fit(rows, ${learnt}, SEED) for fit in MEMBERS.values()]`,
    '    predicted = [predict(inputs) for predict in predictors]',
    `    return ${shown(blends ? 'together(predicted)' : 'predicted[0]')}`,
  );
}

/** The same from folds: every row is predicted by models that have not seen it, the inputs by all of them. */
function foldPrediction({ problem, rowsType, blends, scaled, folds }: MainRequest): string {
  const learnt = scaled ? 'learnt' : 'target';
  const shown = (predicted: string): string => (scaled ? `restored(${predicted})` : predicted);
  const shape = problem.kind === 'classification' ? '(len(target), len(CLASSES))' : 'len(target)';
  const classes = problem.kind === 'classification' ? 'the score of each class for' : 'predictions of';
  return lines(
    `def predict_inputs(rows: ${rowsType}, target: np.ndarray, inputs: ${rowsType}) -> np.ndarray:`,
    `    """Learns ${folds} times from all but one fold; returns ${classes} the inputs, the mean over the folds."""`,
    scaled && '    learnt = learnable(target)',
    `    fold = fold_numbers(groups_of(rows), ${folds})`,
    `    held_out = [np.zeros(${shape}) for _ in MEMBERS]`,
    '    predicted = [0.0 for _ in MEMBERS]',
    `    for number in range(${folds}):`,
    '        held = fold == number',
    '        for position, fit in enumerate(MEMBERS.values()):',
    `            predict = fit(rows[~held], ${learnt}[~held], SEED + number)`,
    '            held_out[position][held] = predict(rows[held])',
    '            predicted[position] = predicted[position] + predict(inputs)',
    `        say(f"fold {number + 1} of ${folds}")`,
    '        if (time.monotonic() - STARTED) * (number + 2) / (number + 1) > 0.8 * TIME_LIMIT_S:',
    '            break',
    '    seen = fold <= number',
    '    held_out, truth = [each[seen] for each in held_out], target[seen]',
    '    predicted = [each / (number + 1) for each in predicted]',
    '    for name, each in zip(MEMBERS, held_out):',
    `        say(f"{name} local holdout {METRIC}={metric(truth, ${shown('each')}):.5f}")`,
    blends && '    together = fit_blend(held_out, truth)',
    blends && `    say(f"local holdout {METRIC}={metric(truth, ${shown('together(held_out)')}):.5f}")`,
    `    return ${shown(blends ? 'together(predicted)' : 'predicted[0]')}`,
  );
}

export function predictionFunction(request: MainRequest): string {
  return request.folds > 1 ? foldPrediction(request) : holdoutPrediction(request);
}

/** A number into the range and type of its column. */
function bounded(column: ValueColumn, predicted: string): string {
  const low = column.min === null ? 'None' : String(column.min);
  const high = column.max === null ? 'None' : String(column.max);
  const inside = column.min === null && column.max === null ? predicted : `np.clip(${predicted}, ${low}, ${high})`;
  return column.dtype === 'int' ? `np.rint(${inside}).astype(int)` : inside;
}

/** Columns of the predictions file, as lines that fill the dictionary `columns` from `predicted`. */
function answerLines(problem: Problem): string[] {
  const [first] = problem.values;
  switch (problem.answer) {
    case 'label':
      return [`columns[${text(first.name)}] = np.array(CLASSES)[predicted.argmax(axis=1)]`];
    case 'chance':
      return [`columns[${text(first.name)}] = np.clip(predicted[:, -1], 1e-4, 1 - 1e-4)`];
    case 'chances':
      return [
        'predicted = np.clip(predicted, 1e-5, None)',
        'predicted = predicted / predicted.sum(axis=1, keepdims=True)',
        '# A column is for the class that its name is, or ends with.',
        `for position, name in enumerate([${problem.values.map((column) => text(column.name)).join(', ')}]):`,
        '    matches = [label for label in CLASSES if name == label or name.endswith(label)]',
        '    label = max(matches, key=len) if matches else CLASSES[min(position, len(CLASSES) - 1)]',
        '    columns[name] = predicted[:, CLASSES.index(label)]',
      ];
    case 'value':
      return problem.values.map((column, index) =>
        problem.targets.length > 1
          ? `columns[${text(column.name)}] = ${bounded(column, `predicted[:, ${Math.min(index, problem.targets.length - 1)}]`)}`
          : `columns[${text(column.name)}] = ${bounded(column, 'predicted')}`,
      );
  }
}

export function writeFunction(problem: Problem): string {
  return lines(
    'def write(ids: pd.Series, predicted: np.ndarray) -> None:',
    '    """Writes the predictions file, one row for each input."""',
    `    columns = {${text(problem.idColumn)}: ids.to_numpy()}`,
    indent(answerLines(problem).join('\n')),
    '    OUT_DIR.mkdir(parents=True, exist_ok=True)',
    `    pd.DataFrame(columns).to_csv(OUT_DIR / ${text(problem.file)}, index=False)`,
    '    say(f"wrote predictions of {len(ids)} rows")',
  );
}

export function mainFunction({ problem }: MainRequest): string {
  if (problem.targets.length > 1) {
    return lines(
      'def main() -> None:',
      '    """Learns each target on its own and writes the predictions of all."""',
      '    inputs, ids = read_inputs()',
      '    predicted = []',
      '    for name in TARGETS:',
      '        rows, target = read_training_rows(name)',
      '        say(f"{name}: {len(target)} training rows, {len(ids)} inputs")',
      '        predicted.append(predict_inputs(rows, target, inputs))',
      '    write(ids, np.column_stack(predicted))',
    );
  }
  return lines(
    'def main() -> None:',
    '    """Reads, learns, writes."""',
    '    rows, target = read_training_rows()',
    '    inputs, ids = read_inputs()',
    '    say(f"{len(target)} training rows, {len(ids)} inputs")',
    '    write(ids, predict_inputs(rows, target, inputs))',
  );
}
