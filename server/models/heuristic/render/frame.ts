/** What every program begins and ends with: docstring, genome, threads, imports, the run contract; and the call of main. */
import type { PythonModule } from '../fragments.ts';
import { type Genome, genomeComment } from '../genome.ts';
import type { Problem } from '../problem.ts';
import { text } from './python.ts';

/** Everything above the first function. `how` names the members. */
export function head(genome: Genome, problem: Problem, module: PythonModule, constants: string, how: string): string {
  const targets = problem.targets.join(', ');
  const setup = module.setupLines();
  return [
    `"""${oneLine(problem.title)}: predicts ${oneLine(targets)} with ${how}.

Written by AIRA2's built-in heuristic, not by a language model. It reads the comment below to build on this program.
"""`,
    '',
    genomeComment(genome),
    '',
    `import os

# Before numpy starts its threads: no more of them than this run may use.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, os.environ.get("AIRA_CPUS", "1"))
`,
    module.imports(),
    '',
    ...(setup === '' ? [] : [setup, '']),
    `TRAIN_DIR, EVAL_DIR, OUT_DIR = (Path(os.environ[f"AIRA_{name}_DIR"]) for name in ("TRAIN", "EVAL", "OUT"))
SEED = int(os.environ.get("AIRA_SEED", "0"))
CPUS = int(os.environ.get("AIRA_CPUS", "1"))
TIME_LIMIT_S = float(os.environ.get("AIRA_TIME_LIMIT_S", "3600"))
STARTED = time.monotonic()
`,
    `METRIC = ${text(problem.metric)}`,
    constants,
    '',
    '',
    `def say(what: str) -> None:
    """A line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {what}", flush=True)`,
  ].join('\n');
}

export function tail(): string {
  return `if __name__ == "__main__":
    main()
`;
}

/** Text from a manifest inside a docstring: one line, no quotes or backslashes that could end it. */
function oneLine(value: string): string {
  return value.replace(/\s+/g, ' ').replace(/["\\]/g, "'").slice(0, 80);
}
