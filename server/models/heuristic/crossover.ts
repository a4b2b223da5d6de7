/** Programs made of two: the union of members, one's features with the other's models, or one member moved over. */

import { type Genome, genomeKey, hasDistinctMembers, type Member, maxMembers, memberOf, sameMember } from './genome.ts';
import type { Move } from './moves.ts';
import { closeMember, withMember } from './moves.ts';
import type { Profile } from './profile.ts';
import { memberLabels } from './render/python.ts';

/** A genome and how much each of its members weighed in its last run (equal where that is not known). */
export interface CrossParent {
  readonly id: number;
  readonly genome: Genome;
  readonly weights: readonly number[];
}

/** Genes that say how data is described rather than what is fitted to it. */
const featureGenes = new Set([
  'categories',
  'numbers',
  'ratios',
  'crosses',
  'words',
  'minCount',
  'shape',
  'features',
  'cell',
  'orientations',
  'components',
  'shifts',
  'characters',
  'stems',
  'against',
  'memory',
]);

/** Children of two parents of the same modality, best prospects first; empty if they are the same program. */
export function crossings(a: CrossParent, b: CrossParent, profile: Profile): Move[] {
  if (a.genome.modality !== b.genome.modality) return [];
  const own = new Set([genomeKey(a.genome), genomeKey(b.genome)]);
  return [union(a, b), transplant(a, b), features(a, b, profile), features(b, a, profile)]
    .filter((move) => move !== null)
    .filter((move) => !own.has(genomeKey(move.genome)) && hasDistinctMembers(move.genome));
}

/** Members of both, the heaviest first, at most four; blend weights are learnt anew. */
function union(a: CrossParent, b: CrossParent): Move | null {
  const weighed = [...weighedMembers(a), ...weighedMembers(b)].sort((first, second) => second.weight - first.weight);
  const distinct = weighed.filter(
    ({ member }, index) => weighed.findIndex((other) => sameMember(other.member, member)) === index,
  );
  const [first, ...rest] = distinct.slice(0, maxMembers).map(({ member }) => member);
  if (first === undefined) return null;
  const members: Genome['members'] = [first, ...rest];
  const names = memberLabels(members).join(', ');
  return { genome: { ...a.genome, members }, label: `blend of ${names}`, weight: 3 };
}

/** A's lightest member gives way to B's heaviest. */
function transplant(a: CrossParent, b: CrossParent): Move | null {
  const [incoming] = weighedMembers(b).sort((first, second) => second.weight - first.weight);
  if (incoming === undefined || a.genome.members.some((member) => sameMember(member, incoming.member))) return null;
  const lightest = weighedMembers(a).reduce((least, each) => (each.weight < least.weight ? each : least));
  const label = `transplant ${incoming.member.family} of #${b.id} for ${lightest.member.family}`;
  return { genome: withMember(a.genome, lightest.position, incoming.member), label, weight: 1 };
}

/** B's models on data described as A's heaviest member does it. */
function features(a: CrossParent, b: CrossParent, profile: Profile): Move | null {
  const [source] = weighedMembers(a).sort((first, second) => second.weight - first.weight);
  if (source === undefined) return null;
  const described = Object.fromEntries(Object.entries(source.member.genes).filter(([name]) => featureGenes.has(name)));
  const [first, ...rest] = b.genome.members.map((member) =>
    closeMember(
      memberOf(b.genome.modality, member.family, { ...member.genes, ...shared(described, member) }),
      b.genome,
      profile,
    ),
  );
  if (first === undefined) return null;
  return {
    genome: { ...b.genome, members: [first, ...rest] },
    label: `features of #${a.id} under the models of #${b.id}`,
    weight: 1,
  };
}

function shared(described: Member['genes'], member: Member): Member['genes'] {
  return Object.fromEntries(Object.entries(described).filter(([name]) => member.genes[name] !== undefined));
}

function weighedMembers({ genome, weights }: CrossParent): { member: Member; weight: number; position: number }[] {
  return genome.members.map((member, position) => ({
    member,
    position,
    weight: weights[position] ?? 1 / genome.members.length,
  }));
}

/** The weights that a program printed, in the order of its members; empty if it printed none. */
export function weightsInLog(log: string): number[] {
  const line = log.split('\n').findLast((each) => each.includes('weights: '));
  if (line === undefined) return [];
  return [...line.matchAll(/ (\d+(?:\.\d+)?)(?=,|$)/g)].map((match) => Number(match[1]));
}
