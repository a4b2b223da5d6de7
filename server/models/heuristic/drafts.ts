/** First programs: one family each, so that a population starts wide; each comes with variants to choose from locally. */
import { familiesToTry } from './applicability.ts';
import type { GeneValue } from './genes/gene.ts';
import { familyOf, type Genome, type GenomeModality, genomeOf, type Member, memberOf } from './genome.ts';
import { closeMember, varied } from './moves.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';
import type { Random } from './random.ts';

type Variant = readonly [family: string, genes?: Record<string, GeneValue>];

/** Per modality, in the order drafts are started: cheap and sound first, then the families that usually win. */
const portfolios: Record<GenomeModality, readonly (readonly Variant[])[]> = {
  tabular: [
    [
      ['linear', { numbers: 'standard' }],
      ['linear', { numbers: 'log' }],
      ['linear', { numbers: 'splines', words: 'words' }],
    ],
    [
      ['hist-gb', {}],
      ['hist-gb', { categories: 'target-mean', learningRate: 0.05, leaves: 12 }],
    ],
    [
      ['extra-trees', {}],
      ['extra-trees', { categories: 'codes', minLeaf: 10 }],
    ],
    [
      ['mlp', {}],
      ['mlp', { categories: 'one-hot', numbers: 'standard', decay: 0.1 }],
    ],
    [
      ['random-forest', {}],
      ['random-forest', { minLeaf: 10 }],
    ],
    [
      ['svm', {}],
      ['svm', { numbers: 'quantile', categories: 'target-mean' }],
    ],
    [
      ['knn', {}],
      ['knn', { neighbours: 40 }],
    ],
  ],
  image: [
    [
      ['linear', { features: 'pixels', shape: 'as-is' }],
      ['linear', { features: 'pixels' }],
    ],
    [
      ['svm', { features: 'pixels', shape: 'as-is', components: 40 }],
      ['svm', { features: 'pixels', components: 40 }],
    ],
    [
      ['knn', { features: 'pixels' }],
      ['knn', { features: 'hog' }],
    ],
    [
      ['mlp', { features: 'hog' }],
      ['mlp', { features: 'pixels' }],
    ],
    [['extra-trees', { features: 'hog' }]],
  ],
  text: [
    [
      ['complement-nb', {}],
      ['complement-nb', { words: '1-2', stems: 'suffixes' }],
    ],
    [
      ['linear-svm', {}],
      ['linear-svm', { words: '1', strength: 0.1 }],
    ],
    [
      ['ridge', {}],
      ['ridge', { stems: 'suffixes', balance: 'half' }],
    ],
    [
      ['logistic', { words: '1', minCount: 2 }],
      ['logistic', { words: '1', stems: 'suffixes', strength: 16 }],
    ],
    [
      ['knn', {}],
      ['knn', { words: '1', stems: 'suffixes', neighbours: 25 }],
    ],
  ],
  'time-series': [
    [
      ['seasonal-naive', { growth: 0 }],
      ['seasonal-naive', { seasons: 2, growth: 0.5 }],
    ],
    [
      ['hist-gb', {}],
      ['hist-gb', { loss: 'absolute' }],
    ],
    [
      ['smoothing', {}],
      ['smoothing', { level: 0.4, trend: 0.02 }],
    ],
    [
      ['ridge', {}],
      ['ridge', { against: 'last-season', penalty: 100 }],
    ],
    [['extra-trees', { stride: 3 }]],
  ],
};

export interface Draft {
  readonly genome: Genome;
  readonly label: string;
}

/** Genes of the program as a whole that the problem itself suggests. */
function startingProgram(modality: GenomeModality, problem: Problem, profile: Profile): Record<string, GeneValue> {
  const [target] = profile.targets;
  const isSkewed = target !== undefined && target.skew > 1.5 && (target.min ?? -1) >= 0;
  const scale = problem.kind === 'regression' && (problem.metric === 'rmsle' || isSkewed) ? { target: 'log1p' } : {};
  // Few rows of a table: folds cost little, and one small hold-out would decide weights by luck.
  const isSmall = modality === 'tabular' && profile.trainRows <= 10_000;
  return isSmall ? { ...scale, folds: 5, blend: 'halfway' } : scale;
}

/** Two or three variants of the family whose turn it is; past the portfolio, random pairs of families. */
export function draftsFor(
  modality: GenomeModality,
  draftIndex: number,
  problem: Problem,
  profile: Profile,
  random: Random,
  family: string | null = null,
): Draft[] {
  const program = startingProgram(modality, problem, profile);
  const rows = portfolios[modality].filter(([first]) => isUsable(first?.[0], modality, problem));
  const wanted = family === null ? rows[draftIndex] : rows.find(([first]) => first?.[0] === family);
  const variants = wanted ?? [];
  const genomes = variants.map(([name, genes]) => genomeOf(modality, [memberOf(modality, name, genes)], program));
  if (genomes.length === 0) genomes.push(...randomPairs(modality, program, problem, profile, random));
  return genomes.map((genome) => {
    const [first, ...rest] = genome.members.map((member) => closeMember(member, genome, profile));
    const closed: Genome = first === undefined ? genome : { ...genome, members: [first, ...rest] };
    return {
      genome: closed,
      label: `first ${closed.members.map((member) => described(member, modality)).join(' and ')}`,
    };
  });
}

function isUsable(family: string | undefined, modality: GenomeModality, problem: Problem): boolean {
  const genome = genomeOf(modality, [memberOf(modality, 'constant')]);
  return familiesToTry(genome, problem).some(({ name }) => name === family);
}

function randomPairs(
  modality: GenomeModality,
  program: Record<string, GeneValue>,
  problem: Problem,
  profile: Profile,
  random: Random,
): Genome[] {
  return [0, 1].map(() => {
    const base = genomeOf(modality, [memberOf(modality, 'constant')], program);
    const drawn = familiesToTry(base, problem).map(({ name, weight }) => ({ name, key: weight * random.next() }));
    const [first, second] = drawn
      .sort((a, b) => b.key - a.key)
      .slice(0, 2)
      .map(({ name }) => varied(memberOf(modality, name), base, profile, random));
    if (first === undefined) return base;
    return genomeOf(modality, second === undefined ? [first] : [first, second], program);
  });
}

/** `hist-gb with learning rate 0.05, leaves 12`: the genes that are not where the family starts. */
function described(member: Member, modality: GenomeModality): string {
  const unusual = familyOf(modality, member.family)
    .genes.filter((gene) => member.genes[gene.name] !== gene.start)
    .map((gene) => `${gene.label} ${member.genes[gene.name]}`);
  return unusual.length === 0 ? member.family : `${member.family} with ${unusual.join(', ')}`;
}
