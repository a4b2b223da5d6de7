/** What to change when a program of ours fails: a table from the end of its output to a genome that avoids the cause. */
import { costOf } from './cost.ts';
import { familiesFor, familyOf, type Genome, genomeKey, genomeOf, type Member, memberOf } from './genome.ts';
import type { Problem } from './problem.ts';

export interface Repair {
  readonly genome: Genome;
  /** What is believed to be wrong and what is done about it, for the reason of the next turn. */
  readonly told: string;
}

interface Entry {
  readonly symptom: RegExp;
  readonly told: string;
  readonly change: (genome: Genome, problem: Problem, output: string) => Genome;
}

type Edit = (member: Member) => Member;

const withGenes = (genes: Record<string, string | number>): Edit => {
  return (member) => ({
    ...member,
    genes: { ...member.genes, ...Object.fromEntries(Object.entries(genes).filter(([name]) => name in member.genes)) },
  });
};

function eachMember(genome: Genome, edit: Edit): Genome {
  const edited = (member: Member): Member => memberOf(genome.modality, member.family, { ...edit(member).genes });
  const [first, ...rest] = genome.members;
  return { ...genome, members: [edited(first), ...rest.map(edited)] };
}

/** Steps every gene that time or memory grows with one level down; without the dearest member where there are several. */
export function shrink(genome: Genome): Genome {
  const dearest = [...genome.members].sort((a, b) => soloCost(b, genome) - soloCost(a, genome))[0];
  const kept = genome.members.filter((member) => genome.members.length === 1 || member !== dearest);
  const program = { ...genome.program };
  if (Number(program.folds ?? 1) > 1) program.folds = Number(program.folds) > 3 ? 3 : 1;
  if (Number(program.backtests ?? 1) > 1) program.backtests = 1;
  const [first, ...rest] = kept.map((member) => smaller(member, genome));
  return first === undefined ? genome : { ...genome, program, members: [first, ...rest] };
}

function soloCost(member: Member, genome: Genome): number {
  return costOf({ ...genome, members: [member] });
}

const shrinking = ['iterations', 'trees', 'epochs', 'rows', 'leaves', 'width', 'components', 'maxFeatures'];

function smaller(member: Member, genome: Genome): Member {
  const genes = { ...member.genes };
  for (const gene of familyOf(genome.modality, member.family).genes) {
    const at = gene.levels.indexOf(genes[gene.name] ?? gene.start);
    if (shrinking.includes(gene.name)) genes[gene.name] = gene.levels[Math.max(0, at - 2)] ?? gene.start;
  }
  return withGenes({ ratios: 'none', crosses: 'none', shifts: 'none', characters: 'none' })({ ...member, genes });
}

/** The single cheapest member that is not the one at fault, with starting genes. */
function replaceFaulty(genome: Genome, problem: Problem, output: string): Genome {
  const atFault = genome.members.find((member) => output.includes(`in ${member.family.replaceAll('-', '_')}`));
  const others = genome.members.filter((member) => member !== atFault);
  const [first, ...rest] = others;
  if (atFault !== undefined && first !== undefined) return { ...genome, members: [first, ...rest] };
  const [next] = familiesFor(genome.modality, problem.kind)
    .filter((family) => family.weight > 0 && !genome.members.some((member) => member.family === family.name))
    .sort((a, b) => a.cost - b.cost);
  return genomeOf(genome.modality, [memberOf(genome.modality, next?.name ?? 'constant')], {
    target: genome.program.target ?? 'raw',
  });
}

const table: readonly Entry[] = [
  {
    symptom: /AIRA-EXIT \S+ (124|timeout)|TimeoutError|timed out|KeyboardInterrupt/,
    told: 'It takes too long: smaller models, fewer folds, without the dearest member.',
    change: shrink,
  },
  {
    symptom: /MemoryError|Unable to allocate|AIRA-EXIT \S+ 137|Killed|Cannot allocate memory/,
    told: 'It needs too much memory: categories as target means instead of columns, smaller models.',
    change: (genome) => eachMember(shrink(genome), withGenes({ categories: 'target-mean', words: 'none' })),
  },
  {
    symptom: /contains NaN|Input [XyY]+ contains|contains infinity|value too large for dtype/,
    told: 'Missing or infinite values reach the model: plain scaling after filling in, no transformed target.',
    change: (genome) =>
      eachMember(
        { ...genome, program: { ...genome.program, ...('target' in genome.program ? { target: 'raw' } : {}) } },
        withGenes({ numbers: 'standard', ratios: 'none', categories: 'one-hot' }),
      ),
  },
  {
    symptom: /unknown categor|unseen label|previously unseen|not in index/i,
    told: 'A category appears that training did not have: target means, which give it the overall mean.',
    change: (genome) => eachMember(genome, withGenes({ categories: 'target-mean', crosses: 'none' })),
  },
  {
    symptom: /could not convert string to float|unsupported operand type/,
    told: 'Text reaches a method for numbers: categories as columns.',
    change: (genome) => eachMember(genome, withGenes({ categories: 'one-hot', numbers: 'standard', ratios: 'none' })),
  },
  {
    symptom: /empty vocabulary|no terms remain|After pruning/,
    told: 'No n-gram is frequent enough to be kept: single words, all of them.',
    change: (genome) => eachMember(genome, withGenes({ words: '1', minCount: 1, characters: 'none', stems: 'none' })),
  },
  {
    symptom: /n_components|n_neighbors|n_samples_fit|n_quantiles|too few samples|Expected n_neighbors/,
    told: 'There are fewer rows or columns than the method asks for: the smallest setting of it.',
    change: (genome) => eachMember(genome, withGenes({ components: 25, neighbours: 3, numbers: 'standard' })),
  },
  {
    symptom:
      /least populated class|n_splits|number of members in each class|at least 2 classes|only one class|one class/,
    told: 'A class is too rare to be in every part: a method that can do without, and no adjustment.',
    change: (genome, problem, output) => {
      const simple = replaceFaulty(genome, problem, output);
      return { ...simple, program: { ...simple.program, folds: 1, adjust: 'none', blend: 'equal' } };
    },
  },
  {
    symptom: /Negative values|negative values in data|must be non-negative/,
    told: 'A method for counts meets negative values: another one.',
    change: replaceFaulty,
  },
  {
    symptom: /No module named|ModuleNotFoundError|ImportError/,
    told: 'A package is not installed here: a method that does without.',
    change: replaceFaulty,
  },
  {
    symptom:
      /did not converge|ConvergenceWarning|Singular|ill-conditioned|overflow encountered|leaves its bounds|finite number/,
    told: 'The fit is unstable: plain scaling and stronger regularisation.',
    change: (genome) =>
      eachMember(
        { ...genome, program: { ...genome.program, ...('target' in genome.program ? { target: 'raw' } : {}) } },
        withGenes({ numbers: 'standard', ratios: 'none', strength: 0.1, decay: 0.1, penalty: 100, l2: 5 }),
      ),
  },
];

/** How often a genome is mended before the answer is the same for every row. */
export const mostRepairs = 3;

/**
 * The first entry whose symptom shows and whose change changes something; else the member at fault is replaced; the last time,
 * a program that cannot well fail.
 * @param attempt 0 for the first mending of a trajectory
 */
export function repair(genome: Genome, problem: Problem, output: string, attempt = 0): Repair {
  const own = genomeKey(genome);
  if (attempt < mostRepairs - 1) {
    for (const { symptom, told, change } of table) {
      if (!symptom.test(output)) continue;
      const changed = change(genome, problem, output);
      if (genomeKey(changed) !== own) return { genome: changed, told };
    }
    const replaced = replaceFaulty(genome, problem, output);
    return { genome: replaced, told: 'The cause is none that I know: I leave out the method at fault.' };
  }
  const simplest = genomeOf(genome.modality, [memberOf(genome.modality, 'constant')]);
  return { genome: simplest, told: 'Nothing else has worked: the simplest answer there is, so that there is one.' };
}
