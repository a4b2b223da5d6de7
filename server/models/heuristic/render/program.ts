/** Any genome as the text of a program. */
import type { Genome } from '../genome.ts';
import type { Problem } from '../problem.ts';
import type { Profile } from '../profile.ts';
import { renderRowProgram } from './rowProgram.ts';
import { renderSeriesProgram } from './series.ts';
import { wrapLines } from './wrapLines.ts';

/** A readable, self-contained `solution.py`: only what the genome uses is in it. */
export function renderProgram(genome: Genome, problem: Problem, profile: Profile): string {
  const isForecast = problem.kind === 'forecast';
  const program = (isForecast ? renderSeriesProgram : renderRowProgram)(genome, problem, profile);
  return wrapLines(withoutUnused(program, 'CPUS', 'TIME_LIMIT_S'));
}

/** Drops constants of the run contract that nothing in this program reads. */
function withoutUnused(program: string, ...names: string[]): string {
  return names.reduce((text, name) => {
    const isRead = new RegExp(`^(?!${name} = ).*\\b${name}\\b`, 'm').test(text);
    return isRead ? text : text.replace(new RegExp(`^${name} = .*\n`, 'm'), '');
  }, program);
}
