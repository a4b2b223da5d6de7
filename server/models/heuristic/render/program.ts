/** Any genome as the text of a program. */
import type { Genome } from '../genome.ts';
import type { Problem } from '../problem.ts';
import type { Profile } from '../profile.ts';
import { renderRowProgram } from './rowProgram.ts';
import { renderSeriesProgram } from './series.ts';

/** A readable, self-contained `solution.py`: only what the genome uses is in it. */
export function renderProgram(genome: Genome, problem: Problem, profile: Profile): string {
  return problem.kind === 'forecast'
    ? renderSeriesProgram(genome, problem, profile)
    : renderRowProgram(genome, problem, profile);
}
