/** The program of a row-wise task (table, text, image): read, estimate on held-out rows, blend, predict, write. */
import { PythonModule } from '../fragments.ts';
import type { Genome } from '../genome.ts';
import type { Problem } from '../problem.ts';
import type { Profile } from '../profile.ts';
import { defineBlend, learnsBlend } from './blend.ts';
import { head, tail } from './frame.ts';
import { imageModalityFor } from './image.ts';
import type { RowModality } from './member.ts';
import { choiceGene, functionNames, lines, listConstant, memberLabels, numberGene, text } from './python.ts';
import { mainFunction, predictionFunction, writeFunction } from './rowMain.ts';
import { tabular } from './tabular.ts';
import { textModality } from './text.ts';

function modalityOf(genome: Genome): RowModality {
  if (genome.modality === 'image') return imageModalityFor(genome.members);
  return genome.modality === 'text' ? textModality : tabular;
}

/** How targets are changed before members learn them, and how predictions are changed back. */
const scales: Record<string, { learnable: string; restored: string }> = {
  log1p: { learnable: 'np.log1p(np.maximum(target, 0))', restored: 'np.expm1(predicted)' },
  sqrt: { learnable: 'np.sqrt(np.maximum(target, 0))', restored: 'np.maximum(predicted, 0) ** 2' },
};

/** Python text of a whole program for rows. */
export function renderRowProgram(genome: Genome, problem: Problem, profile: Profile): string {
  const module = new PythonModule();
  module.import('import time\nfrom pathlib import Path\nimport numpy as np\nimport pandas as pd');
  const modality = modalityOf(genome);
  const { members } = genome;
  const names = functionNames(members);
  const labels = memberLabels(members);
  const scale = problem.kind === 'regression' ? scales[choiceGene(genome.program, 'target')] : undefined;

  module.useFragment(`metric_${problem.metric}`);
  if (scale !== undefined) defineScale(module, scale);
  modality.defineReading(members, profile, module);
  defineTables(module, problem, modality.rowsType);
  module.useFragment('fold_numbers');
  const functions = members.map((member, index) => {
    if (member.family === 'constant') return constantFunction(problem, modality.rowsType, module);
    return modality.memberFunction({ member, functionName: names[index] ?? 'member', problem, profile, module });
  });
  defineBlend(module, genome, problem, scale !== undefined);
  const request = {
    problem,
    rowsType: modality.rowsType,
    folds: numberGene(genome.program, 'folds'),
    blends: learnsBlend(genome, problem),
    scaled: scale !== undefined,
  };
  const constants = lines(
    problem.targets.length > 1 ? listConstant('TARGETS', problem.targets) : `TARGET = ${text(problem.targets[0])}`,
    modality.constants(members, problem, profile),
    problem.kind === 'classification' && classConstants,
  );
  const table = `MEMBERS = {\n${labels.map((label, index) => `    ${text(label)}: ${names[index] ?? ''},\n`).join('')}}`;
  const how = labels.length > 1 ? `a blend of ${labels.join(', ')}` : (labels[0] ?? '');
  return [
    head(genome, problem, module, constants, how),
    module.definitions(),
    ...functions,
    table,
    predictionFunction(request),
    writeFunction(problem),
    mainFunction(request),
    tail(),
  ].join('\n\n\n');
}

/** What is left when everything else fails: it reads no column but the target. */
function constantFunction(problem: Problem, rowsType: string, module: PythonModule): string {
  module.import('from collections.abc import Callable');
  const classify = problem.kind === 'classification';
  return lines(
    `def constant(rows: ${rowsType}, target: np.ndarray, seed: int) -> Callable[[${rowsType}], np.ndarray]:`,
    `    """The same answer for every row: ${classify ? 'the share of each class' : 'the mean'}."""`,
    classify && '    shares = np.bincount(target, minlength=len(CLASSES)) / len(target)',
    classify
      ? '    return lambda rows: np.tile(shares, (len(rows), 1))'
      : '    return lambda rows: np.full(len(rows), target.mean())',
  );
}

/** Labels stay text, as they stand in the file: 1, 1.0 and "1" must come out as they went in. */
const classConstants = [
  'LABELS = pd.read_csv(TRAIN_DIR / "train.csv", usecols=[TARGET], dtype=str, keep_default_na=False)[TARGET]',
  'CLASSES = sorted(label for label in LABELS.unique() if label != "")',
].join('\n');

function defineScale(module: PythonModule, scale: { learnable: string; restored: string }): void {
  module.define(
    'learnable',
    lines(
      'def learnable(target: np.ndarray) -> np.ndarray:',
      '    """The target on the scale that members learn."""',
      `    return ${scale.learnable}`,
    ),
  );
  module.define(
    'restored',
    lines(
      'def restored(predicted: np.ndarray) -> np.ndarray:',
      '    """Predictions back on the scale of the target."""',
      `    return ${scale.restored}`,
    ),
  );
}

function defineTables(module: PythonModule, problem: Problem, rowsType: string): void {
  const classify = problem.kind === 'classification';
  const several = problem.targets.length > 1;
  module.define(
    'read_training_rows',
    lines(
      `def read_training_rows(${several ? 'name: str' : ''}) -> tuple[${rowsType}, np.ndarray]:`,
      `    """The training rows whose target is known, and the target${classify ? ' as numbers of CLASSES' : ''}."""`,
      '    table = pd.read_csv(TRAIN_DIR / "train.csv")',
      classify && '    known = (LABELS != "").to_numpy()',
      classify && '    target = np.searchsorted(CLASSES, LABELS[known])',
      !classify && `    values = pd.to_numeric(table[${several ? 'name' : 'TARGET'}], errors="coerce")`,
      !classify && '    known = values.notna().to_numpy()',
      !classify && '    target = values[known].to_numpy(dtype=float)',
      '    return read_rows(TRAIN_DIR, table[known]), target',
    ),
  );
  module.define(
    'read_inputs',
    lines(
      `def read_inputs() -> tuple[${rowsType}, pd.Series]:`,
      '    """The rows to predict, and their ids."""',
      `    table = pd.read_csv(EVAL_DIR / "inputs.csv", dtype={${text(problem.idColumn)}: str})`,
      `    return read_rows(EVAL_DIR, table), table[${text(problem.idColumn)}]`,
    ),
  );
}
