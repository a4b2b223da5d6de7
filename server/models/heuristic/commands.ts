/** The commands of a trajectory as text. Paths are relative to the sandbox's working folder. */
import { fragment } from './fragments.ts';
import type { Problem } from './problem.ts';

export interface ToolCallText {
  readonly name: 'bash' | 'python' | 'submit';
  readonly arguments: Record<string, string | number>;
}

const bash = (command: string, timeoutS: number): ToolCallText => ({
  name: 'bash',
  arguments: { command, timeout_s: timeoutS },
});

/** Folders and first lines: cheap, and it tells whether the data is where it should be. */
export function lookCommand(): ToolCallText {
  return bash(
    [
      'ls -l "$AIRA_TRAIN_DIR" "$AIRA_EVAL_DIR"; ls /parents 2>/dev/null',
      'head -n 3 "$AIRA_TRAIN_DIR"/*.csv "$AIRA_EVAL_DIR"/*.csv | cut -c 1-300',
      'python -c "import sklearn, pandas, numpy; print(sklearn.__version__, pandas.__version__, numpy.__version__)"',
    ].join('\n'),
    60,
  );
}

/** Kinds of columns, targets and arrays, and a sample of the data in `sample/`. */
export function profileCall(problem: Problem, sampleRows: number, timeoutS: number): ToolCallText {
  const args = [JSON.stringify(problem.targets), JSON.stringify(problem.idColumn), sampleRows, 500].join(', ');
  return {
    name: 'python',
    arguments: { code: `${fragment('profile')}\n\nmain(${args})\n`, timeout_s: timeoutS },
  };
}

/** Shell text that writes a file as it is. */
export function writeFile(path: string, content: string): string {
  let marker = 'END_OF_FILE';
  while (content.split('\n').includes(marker)) marker += '_';
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  const make = folder === '' ? '' : `mkdir -p '${folder}' && `;
  return `${make}cat > '${path}' <<'${marker}'\n${content}${content.endsWith('\n') ? '' : '\n'}${marker}`;
}

export function writeCommand(files: ReadonlyMap<string, string>): ToolCallText {
  const parts = [...files].map(([path, content]) => writeFile(path, content));
  return bash([...parts, 'ls -l variants'].join('\n'), 60);
}

const onSample = 'AIRA_TRAIN_DIR="$PWD/sample/train" AIRA_EVAL_DIR="$PWD/sample/eval"';

export interface ScreenPlan {
  readonly variants: readonly string[];
  readonly tries: number;
  /** Seconds for one variant before it stops trying further folds, and before it is killed. */
  readonly budgetS: number;
  readonly horizon: number;
}

/** Scores every variant on held-out rows of the sample, one process each so that none can take the others down. */
export function screenCommand({ variants, tries, budgetS, horizon }: ScreenPlan): ToolCallText {
  const limitS = Math.ceil(budgetS * 2 + 10);
  return bash(
    [
      `for variant in ${variants.join(' ')}; do`,
      `  ${onSample} timeout ${limitS} python screen.py $variant ${tries} ${budgetS} ${horizon} 2>&1 | tail -n 20`,
      `  echo "AIRA-EXIT $variant \${PIPESTATUS[0]}"`,
      'done',
    ].join('\n'),
    limitS * variants.length + 10,
  );
}

export interface RehearsalPlan {
  /** Files of the program, by path inside it. */
  readonly program: ReadonlyMap<string, string>;
  readonly entry: readonly string[];
  /** True: on the sample, not on all of the data. */
  readonly sample: boolean;
  readonly limitS: number;
  /** JSON of the prediction contract, for check.py. */
  readonly contract: string;
}

/** Lays out `program/`, runs it once as it will be run, and checks the predictions that it writes. */
export function rehearseCommand(
  { program, entry, sample, limitS, contract }: RehearsalPlan,
  checkScript: string,
): ToolCallText {
  const environment = `${sample ? onSample : ''} AIRA_OUT_DIR="$PWD/out" PYTHONDONTWRITEBYTECODE=1`.trim();
  return bash(
    [
      'rm -rf program out && mkdir -p program out',
      ...[...program].map(([path, content]) => writeFile(`program/${path}`, content)),
      writeFile('check.py', checkScript),
      `${environment} timeout ${limitS} env -C program ${entry.join(' ')} 2>&1 | tail -n 30`,
      `echo "AIRA-EXIT program \${PIPESTATUS[0]}"`,
      `${environment} python check.py '${contract.replaceAll("'", `'\\''`)}'`,
    ].join('\n'),
    limitS + 30,
  );
}

/** `/workspace/program` is where the engine looks by default. */
export function submitCall(summary: string): ToolCallText {
  return { name: 'submit', arguments: { directory: '/workspace/program', summary } };
}
