/** How much longer or shorter a changed program runs than the one it came from. Rough, and only ever used as a ratio. */
import { familyOf, type Genome, type Member } from './genome.ts';

/** Genes in proportion to which a member's time grows. */
const proportional = ['iterations', 'trees', 'epochs'] as const;

function memberCost(member: Member, genome: Genome): number {
  const family = familyOf(genome.modality, member.family);
  const value = (name: string): number => Number(member.genes[name] ?? 0);
  let cost = family.cost;
  for (const name of proportional) {
    const start = Number(family.genes.find((gene) => gene.name === name)?.start ?? 0);
    if (start > 0) cost *= value(name) / start;
  }
  if (member.genes.leaves !== undefined) cost *= 0.5 + value('leaves') / 48;
  if (member.genes.maxFeatures !== undefined && member.family !== 'hist-gb') cost *= 0.3 + value('maxFeatures');
  if (member.genes.ratios === 'ratios') cost *= 1.5;
  if (member.genes.crosses === 'pairs') cost *= 1.3;
  const shifts = { 'shift-4': 5, 'shift-8': 9 }[String(member.genes.shifts ?? '')];
  if (shifts !== undefined) cost = (cost + 4) * shifts * 1.3;
  if (String(member.genes.characters ?? 'none') !== 'none') cost = cost * 2 + 3;
  if (member.genes.words === '1-3') cost *= 1.6;
  if (member.genes.words === '1') cost *= 0.5;
  const stride = value('stride');
  if (stride > 0) cost *= 2 / stride;
  const rows = value('rows');
  if (rows > 0) cost *= (rows / 8000) ** 1.5;
  return cost + 0.5;
}

/** Fits of each member: one on four fifths and one on all rows, or one per fold, or one per backtest and one at the end. */
function fits(genome: Genome): number {
  const folds = Number(genome.program.folds ?? 0);
  const backtests = Number(genome.program.backtests ?? 0);
  if (backtests > 0) return backtests + 1;
  return folds > 1 ? folds - 1 : 1.8;
}

/** Units without meaning of their own. */
export function costOf(genome: Genome): number {
  return genome.members.reduce((sum, member) => sum + memberCost(member, genome), 0) * fits(genome) + 1;
}

/** Seconds that a program should stay under, so that a search gets through many: a fifth of the cap, at most 75 s. */
export function paceS(evaluationTimeoutS: number): number {
  return Math.min(75, 0.2 * evaluationTimeoutS);
}
