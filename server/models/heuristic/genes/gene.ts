/**
 * The grammar of programs. A gene is a named choice from a short list; a family is a kind of model with its genes. Genomes are
 * read, repaired, mutated, described and rendered from these tables alone, so that every genome is always a valid program.
 */

export type GeneValue = number | string;

export interface Gene {
  readonly name: string;
  /** As it shows in summaries: "learning rate". */
  readonly label: string;
  /** Ladders step to a neighbour; choices jump anywhere. */
  readonly kind: 'ladder' | 'choice';
  readonly levels: readonly [GeneValue, ...GeneValue[]];
  readonly start: GeneValue;
  /** How often a move is tried here, relative to other genes. */
  readonly weight: number;
}

/** What decides whether a gene, level or family makes sense: the kind of answer the task wants. */
export type ProblemKind = 'regression' | 'classification' | 'forecast';

export interface Family {
  readonly name: string;
  readonly genes: readonly Gene[];
  readonly kinds: readonly ProblemKind[];
  /** Rough cost of one fit relative to a linear model. */
  readonly cost: number;
  /** How often this family is offered as a new member, relative to the others. */
  readonly weight: number;
}

export interface Grammar {
  readonly families: readonly [Family, ...Family[]];
  /** Genes of the program as a whole: folds, blending, target transform. */
  readonly program: readonly Gene[];
}

/** Numbers in order; a move goes one or two steps up or down. */
export function ladder(
  name: string,
  label: string,
  levels: readonly [number, ...number[]],
  start: number,
  weight = 1,
): Gene {
  return { name, label, kind: 'ladder', levels, start, weight };
}

/** Unordered alternatives; the first is where a new member starts. */
export function choice(name: string, label: string, levels: readonly [string, ...string[]], weight = 1): Gene {
  return { name, label, kind: 'choice', levels, start: levels[0], weight };
}

/** The same gene with another starting level. */
export function startingAt(gene: Gene, start: GeneValue): Gene {
  return { ...gene, start };
}

/** The level nearest to a value from anywhere: closes the grammar under any input. */
export function snap(gene: Gene, value: unknown): GeneValue {
  if (gene.kind === 'choice') return gene.levels.find((level) => level === value) ?? gene.start;
  if (typeof value !== 'number' || !Number.isFinite(value)) return gene.start;
  let nearest: GeneValue = gene.start;
  let least = Number.POSITIVE_INFINITY;
  for (const level of gene.levels) {
    const distance = Math.abs(Number(level) - value);
    if (distance < least) {
      least = distance;
      nearest = level;
    }
  }
  return nearest;
}
