/** Every small change of a genome, each with its line for the summary. Closed: the result is always a valid genome. */
import { familiesToTry, memberLevels, programLevels } from './applicability.ts';
import type { Gene, GeneValue } from './genes/gene.ts';
import {
  familyOf,
  type Genome,
  genomeKey,
  grammarOf,
  hasDistinctMembers,
  type Member,
  maxMembers,
  memberOf,
  sameMember,
} from './genome.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';
import type { Random } from './random.ts';
import { memberLabels } from './render/python.ts';

export interface Move {
  readonly genome: Genome;
  /** E.g. `hist-gb: learning rate 0.08 → 0.05`. */
  readonly label: string;
  /** How often it is worth a try before anything is known. */
  readonly weight: number;
}

/** All moves from a genome that change it. `random` decides the genes of added members. */
export function movesFrom(genome: Genome, problem: Problem, profile: Profile, random: Random): Move[] {
  const all = [
    ...programMoves(genome, problem, profile),
    ...genome.members.flatMap((_, position) => memberMoves(genome, position, profile)),
    ...addMoves(genome, problem, profile, random),
    ...swapMoves(genome, problem, profile, random),
    ...dropMoves(genome),
  ];
  const own = genomeKey(genome);
  return all.filter((move) => genomeKey(move.genome) !== own && hasDistinctMembers(move.genome));
}

function steps(gene: Gene, current: GeneValue, allowed: readonly GeneValue[]): { level: GeneValue; weight: number }[] {
  const from = gene.levels.indexOf(current);
  return allowed
    .filter((level) => level !== current)
    .map((level) => {
      const distance = Math.abs(gene.levels.indexOf(level) - from);
      const weight = gene.kind === 'choice' ? 1 : distance === 1 ? 1 : distance === 2 ? 0.5 : 0;
      return { level, weight: (weight * gene.weight) / Math.max(1, gene.kind === 'choice' ? allowed.length - 1 : 2) };
    })
    .filter(({ weight }) => weight > 0);
}

function programMoves(genome: Genome, problem: Problem, profile: Profile): Move[] {
  return grammarOf(genome.modality).program.flatMap((gene) => {
    const current = genome.program[gene.name] ?? gene.start;
    return steps(gene, current, programLevels(gene, genome, problem, profile)).map(({ level, weight }) => ({
      genome: { ...genome, program: { ...genome.program, [gene.name]: level } },
      label: `${gene.label} ${current} → ${level}`,
      weight: weight * (isFewer(gene, current, level) ? 0.03 : 1.5),
    }));
  });
}

/** Fewer folds or backtests save time and nothing else. */
function isFewer(gene: Gene, from: GeneValue, to: GeneValue): boolean {
  return (gene.name === 'folds' || gene.name === 'backtests') && Number(to) < Number(from);
}

function memberMoves(genome: Genome, position: number, profile: Profile): Move[] {
  const member = genome.members[position];
  if (member === undefined) return [];
  const name = memberLabels(genome.members)[position] ?? member.family;
  return familyOf(genome.modality, member.family).genes.flatMap((gene) => {
    const current = member.genes[gene.name] ?? gene.start;
    return steps(gene, current, memberLevels(gene, member, genome, profile)).flatMap(({ level, weight }) => {
      const changed = { ...member, genes: { ...member.genes, [gene.name]: level } };
      if (genome.members.some((other) => sameMember(other, changed))) return [];
      return [
        {
          genome: withMember(genome, position, changed),
          label: `${name}: ${gene.label} ${current} → ${level}`,
          weight: weight / genome.members.length,
        },
      ];
    });
  });
}

/** A new member takes over what its neighbours have learnt about features. */
function addMoves(genome: Genome, problem: Problem, profile: Profile, random: Random): Move[] {
  if (genome.members.length >= maxMembers) return [];
  const eagerness = [0, 4, 2.5, 1.2][genome.members.length] ?? 0;
  return familiesToTry(genome, problem).map((family) => {
    const known = genome.members.filter((member) => member.family === family.name).length;
    const member = related(genome, family.name, profile, random, known > 0);
    return {
      genome: { ...genome, members: [...genome.members, member] as Genome['members'] },
      label: `add ${family.name}`,
      weight: (eagerness * family.weight * (known > 0 ? 0.4 : 1)) / 3,
    };
  });
}

function swapMoves(genome: Genome, problem: Problem, profile: Profile, random: Random): Move[] {
  return genome.members.flatMap((member, position) =>
    familiesToTry(genome, problem)
      .filter((family) => family.name !== member.family)
      .map((family) => ({
        genome: withMember(genome, position, related(genome, family.name, profile, random, false)),
        label: `swap ${member.family} for ${family.name}`,
        weight: (0.15 * family.weight) / genome.members.length,
      })),
  );
}

function dropMoves(genome: Genome): Move[] {
  if (genome.members.length < 2) return [];
  const labels = memberLabels(genome.members);
  return genome.members.flatMap((_, position) => {
    const [first, ...rest] = genome.members.filter((_member, other) => other !== position);
    if (first === undefined) return [];
    return [{ genome: { ...genome, members: [first, ...rest] }, label: `drop ${labels[position]}`, weight: 0.25 }];
  });
}

/** A member of a family with feature genes of a present member where both have them, and now and then a gene of its own. */
export function related(genome: Genome, family: string, profile: Profile, random: Random, mustDiffer: boolean): Member {
  const fresh = memberOf(genome.modality, family);
  const model = random.pick(genome.members);
  const shared: Record<string, GeneValue> = {};
  for (const gene of familyOf(genome.modality, family).genes) {
    const theirs = model.genes[gene.name];
    const isFeature = gene.kind === 'choice' || gene.name === 'components' || gene.name === 'cell';
    if (isFeature && theirs !== undefined && random.next() < 0.6) shared[gene.name] = theirs;
  }
  const inherited = memberOf(genome.modality, family, { ...fresh.genes, ...shared });
  const closed = closeMember(inherited, genome, profile);
  if (!mustDiffer && random.next() < 0.6) return closed;
  return varied(closed, genome, profile, random);
}

/** The member with one or two genes changed. */
export function varied(member: Member, genome: Genome, profile: Profile, random: Random): Member {
  let changed = member;
  for (let round = 0; round < 2; round += 1) {
    const gene = random.pickWeighted(familyOf(genome.modality, member.family).genes, (each) => each.weight);
    if (gene === undefined) return changed;
    const current = changed.genes[gene.name] ?? gene.start;
    const step = random.pickWeighted(
      steps(gene, current, memberLevels(gene, changed, genome, profile)),
      (each) => each.weight,
    );
    if (step !== undefined) changed = { ...changed, genes: { ...changed.genes, [gene.name]: step.level } };
  }
  return closeMember(changed, genome, profile);
}

/** Puts genes whose level makes no sense here back to one that does. */
export function closeMember(member: Member, genome: Genome, profile: Profile): Member {
  const genes = { ...member.genes };
  for (const gene of familyOf(genome.modality, member.family).genes) {
    const allowed = memberLevels(gene, { ...member, genes }, genome, profile);
    const current = genes[gene.name] ?? gene.start;
    if (allowed.includes(current)) continue;
    genes[gene.name] = allowed.includes(gene.start) ? gene.start : (allowed[0] ?? gene.start);
  }
  return { ...member, genes };
}

export function withMember(genome: Genome, position: number, member: Member): Genome {
  const [first = member, ...rest] = genome.members.map((old, other) => (other === position ? member : old));
  return { ...genome, members: [first, ...rest] };
}
