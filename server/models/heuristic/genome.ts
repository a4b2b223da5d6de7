/** A program as data: which members it has, with which genes, and how they are put together. Written into the program's head. */
import * as z from 'zod';
import { type Family, type Gene, type GeneValue, type Grammar, type ProblemKind, snap } from './genes/gene.ts';
import { imageGrammar } from './genes/image.ts';
import { seriesGrammar } from './genes/series.ts';
import { tabularGrammar } from './genes/tabular.ts';
import { textGrammar } from './genes/text.ts';

export const maxMembers = 4;

export type GenomeModality = 'tabular' | 'image' | 'text' | 'time-series';
export type Genes = Readonly<Record<string, GeneValue>>;

export interface Member {
  readonly family: string;
  readonly genes: Genes;
}

export interface Genome {
  readonly modality: GenomeModality;
  /** One to four; more than one are blended. */
  readonly members: readonly [Member, ...Member[]];
  readonly program: Genes;
}

const grammars: Record<GenomeModality, Grammar> = {
  tabular: tabularGrammar,
  image: imageGrammar,
  text: textGrammar,
  'time-series': seriesGrammar,
};

export function grammarOf(modality: GenomeModality): Grammar {
  return grammars[modality];
}

/** Families of a modality that answer this kind of problem; never empty. */
export function familiesFor(modality: GenomeModality, kind: ProblemKind): Family[] {
  return grammars[modality].families.filter((family) => family.kinds.includes(kind));
}

export function familyOf(modality: GenomeModality, name: string): Family {
  const { families } = grammars[modality];
  return families.find((family) => family.name === name) ?? families[0];
}

function completeGenes(table: readonly Gene[], given: Readonly<Record<string, unknown>>): Genes {
  return Object.fromEntries(table.map((gene) => [gene.name, snap(gene, given[gene.name])]));
}

/** A member of a family with its starting genes, some of them set. */
export function memberOf(modality: GenomeModality, family: string, genes: Record<string, GeneValue> = {}): Member {
  const known = familyOf(modality, family);
  return { family: known.name, genes: completeGenes(known.genes, genes) };
}

export function genomeOf(
  modality: GenomeModality,
  members: readonly [Member, ...Member[]],
  program: Record<string, GeneValue> = {},
): Genome {
  return { modality, members, program: completeGenes(grammars[modality].program, program) };
}

const LooseGenome = z.object({
  v: z.literal(1),
  modality: z.enum(['tabular', 'image', 'text', 'time-series']),
  members: z.array(z.object({ family: z.string(), genes: z.record(z.string(), z.unknown()).default({}) })).min(1),
  program: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Any well-formed JSON genome as a valid one: unknown families and genes fall away, values go to the nearest level, members that
 * say the same are merged, and at most four stay. Null if nothing of it can be used for this kind of problem.
 */
export function repairGenome(raw: unknown, kind: ProblemKind): Genome | null {
  const parsed = LooseGenome.safeParse(raw);
  if (!parsed.success) return null;
  const { modality, program } = parsed.data;
  const allowed = new Set(familiesFor(modality, kind).map((family) => family.name));
  const members = parsed.data.members
    .filter((member) => allowed.has(member.family))
    .map((member) => ({
      family: member.family,
      genes: completeGenes(familyOf(modality, member.family).genes, member.genes),
    }));
  const distinct = members
    .filter((member, index) => members.findIndex((other) => sameMember(other, member)) === index)
    .slice(0, maxMembers);
  const [first, ...rest] = distinct;
  if (first === undefined) return null;
  return { modality, members: [first, ...rest], program: completeGenes(grammars[modality].program, program) };
}

export function sameMember(a: Member, b: Member): boolean {
  return a.family === b.family && Object.entries(a.genes).every(([name, value]) => b.genes[name] === value);
}

/** A member twice in a blend weighs nothing but time. */
export function hasDistinctMembers({ members }: Genome): boolean {
  return members.every((member, index) => members.findIndex((other) => sameMember(other, member)) === index);
}

/** A text by which two genomes are the same program, whatever the order of their members. */
export function genomeKey(genome: Genome): string {
  const members = genome.members.map((member) => JSON.stringify(member)).sort();
  return JSON.stringify([genome.modality, members, genome.program]);
}

const begin = '# aira-genome-begin';
const end = '# aira-genome-end';

/** The genome as comment lines for the head of a program, one member to a line. */
export function genomeComment(genome: Genome): string {
  const members = genome.members.map((member) => `#   ${JSON.stringify(member)}`).join(',\n');
  return [
    begin,
    `# {"v":1,"modality":${JSON.stringify(genome.modality)},"program":${JSON.stringify(genome.program)},`,
    '#  "members":[',
    `${members}]}`,
    end,
  ].join('\n');
}

/** The genome in a program's text, repaired; null if there is none (a person's or a language model's program). */
export function readGenome(program: string, kind: ProblemKind): Genome | null {
  const from = program.indexOf(begin);
  const to = program.indexOf(end);
  if (from < 0 || to < from) return null;
  const json = program
    .slice(from + begin.length, to)
    .split('\n')
    .map((line) => line.replace(/^#/, ''))
    .join('\n');
  try {
    return repairGenome(JSON.parse(json), kind);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
