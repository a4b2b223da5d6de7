/** Parents as the researcher can use them: a genome where there is one, else a program to stand beside. */
import type { ParentContext, ProgramText, TaskContext } from '../operatorContext.ts';
import { isWhole } from '../programText.ts';
import { fragment } from './fragments.ts';
import { type Genome, readGenome } from './genome.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';
import { renderProgram } from './render/program.ts';
import { text, textList } from './render/python.ts';

/** A parent that this researcher (or an ancestor of it) wrote. */
export interface Base {
  readonly genome: Genome;
  /** Somebody else's program that ours is averaged with, by path inside it; null for ours alone. */
  readonly beside: ProgramText | null;
}

/** File that `run.cmd` starts, e.g. `solution.py`. */
export function entryFile(task: TaskContext): string {
  return task.run.findLast((word) => word.endsWith('.py')) ?? 'solution.py';
}

/** Null for a program of a person or a language model. */
export function baseOf(parent: ParentContext, task: TaskContext, problem: Problem): Base | null {
  const entry = entryFile(task);
  const wrapped = readGenome(parent.program[`own/${entry}`] ?? '', problem.kind);
  if (wrapped !== null) {
    const beside = filesIn(parent.program, 'theirs/');
    // Ours goes on alone where the other program is too long to be read whole.
    return { genome: wrapped, beside: Object.values(beside).every(isWhole) ? beside : null };
  }
  const genome = readGenome(parent.program[entry] ?? '', problem.kind);
  return genome === null ? null : { genome, beside: null };
}

function filesIn(program: ProgramText, folder: string): ProgramText {
  return Object.fromEntries(
    Object.entries(program)
      .filter(([path]) => path.startsWith(folder))
      .map(([path, content]) => [path.slice(folder.length), content]),
  );
}

/**
 * Whether somebody's program can be averaged with one of ours: it has a score, its answers are numbers, all its files are
 * text that was shown whole, and both together stay well under the cap.
 */
export function canStandBeside(parent: ParentContext, task: TaskContext, problem: Problem): boolean {
  const isText = Object.values(parent.program).every(isWhole);
  const isQuick = parent.runtimeS < 0.4 * parent.runtimeCapS;
  const hasIds = task.prediction.columns.some((column) => column.role === 'id');
  return (
    parent.score !== null &&
    problem.answer !== 'label' &&
    isText &&
    isQuick &&
    hasIds &&
    entryFile(task) in parent.program
  );
}

/** The files of a program, by path inside its folder. */
export function programFiles(
  genome: Genome,
  beside: ProgramText | null,
  task: TaskContext,
  problem: Problem,
  profile: Profile,
): Map<string, string> {
  const entry = entryFile(task);
  const own = renderProgram(genome, problem, profile);
  if (beside === null) return new Map([[entry, own]]);
  const constants = [
    `ENTRY, PREDICTIONS, ID = ${text(entry)}, ${text(problem.file)}, ${text(problem.idColumn)}`,
    `VALUES = ${textList(problem.values.map(({ name }) => name))}`,
  ].join('\n');
  const wrapper = fragment('wrapper').replace('import pandas as pd\n', `import pandas as pd\n\n${constants}\n`);
  return new Map([
    [entry, wrapper],
    [`own/${entry}`, own],
    ...Object.entries(beside).map(([path, content]): [string, string] => [`theirs/${path}`, content]),
  ]);
}
