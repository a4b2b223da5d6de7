/** Which genes and levels can change anything here: no ratios without positive numbers, no folds of a blend of one. */
import type { Gene, GeneValue } from './genes/gene.ts';
import { familiesFor, type Genes, type Genome, type Member } from './genome.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';
import { tabularGeneApplies } from './render/tabular.ts';

/** Levels of a program gene that make sense for the problem. */
export function programLevels(gene: Gene, genome: Genome, problem: Problem, profile: Profile): readonly GeneValue[] {
  switch (gene.name) {
    case 'blend':
    case 'backtests':
      return genome.members.length > 1 ? gene.levels : [];
    case 'target': {
      const isPositive = (profile.targets[0]?.min ?? -1) >= 0;
      return problem.kind === 'regression' && isPositive ? gene.levels : [];
    }
    case 'adjust':
      if (problem.answer === 'label') return ['none', 'class-offsets'];
      return problem.metric === 'log_loss' ? ['none', 'temperature'] : [];
    default:
      return gene.levels;
  }
}

/** Levels of a member's gene that make sense beside its other genes. */
export function memberLevels(gene: Gene, member: Member, genome: Genome, profile: Profile): readonly GeneValue[] {
  const { genes, family } = member;
  switch (genome.modality) {
    case 'tabular':
      if (!tabularGeneApplies(gene.name, profile)) return [];
      if (gene.name === 'categories') return categoryLevels(family, gene.levels);
      if (gene.name === 'minCount' && genes.categories !== undefined && genes.categories !== 'one-hot') return [];
      return gene.levels;
    case 'image':
      return (gene.name === 'cell' || gene.name === 'orientations') && genes.features === 'pixels' ? [] : gene.levels;
    case 'text':
      return textLevels(gene, genes);
    case 'time-series':
      return gene.levels;
  }
}

/** Codes mean nothing to methods that take them for distances. */
function categoryLevels(family: string, levels: readonly GeneValue[]): readonly GeneValue[] {
  const takesCodes = family === 'hist-gb' || family === 'extra-trees' || family === 'random-forest';
  return takesCodes ? levels : levels.filter((level) => level !== 'codes');
}

function textLevels(gene: Gene, genes: Genes): readonly GeneValue[] {
  if (gene.name === 'stems' && genes.words === 'none') return [];
  if (gene.name === 'words' && genes.characters === 'none') return gene.levels.filter((level) => level !== 'none');
  return gene.levels;
}

/** Families that can be added, without the fallback that learns nothing. */
export function familiesToTry(genome: Genome, problem: Problem) {
  return familiesFor(genome.modality, problem.kind).filter((family) => family.weight > 0);
}
