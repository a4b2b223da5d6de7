/** What to try in a trajectory: the variants, with the true reason for each. */
import type { OperatorContext, ProgramText } from '../operatorContext.ts';
import { preference, rewardsOf } from './bandit.ts';
import { type Base, baseOf, canStandBeside } from './base.ts';
import { costOf, paceS } from './cost.ts';
import { type CrossParent, crossings, weightsInLog } from './crossover.ts';
import { draftsFor } from './drafts.ts';
import { type Genome, type GenomeModality, genomeOf, memberOf } from './genome.ts';
import { familyIn, wishesIn } from './guidance.ts';
import { type Move, movesFrom } from './moves.ts';
import type { Problem } from './problem.ts';
import type { Profile } from './profile.ts';
import type { Random } from './random.ts';
import { shrink } from './repair.ts';
import { moveKind, movesOf, reversed } from './summary.ts';

export interface Idea {
  readonly genome: Genome;
  readonly label: string;
}

export interface Ideas {
  /** What the variants are measured against; null where there is no single parent with a genome. */
  readonly reference: Idea | null;
  readonly variants: readonly Idea[];
  /** The rationale, as said in the turn that writes them. */
  readonly reason: string;
  /** The variants are what a person asked for: no others are tried in their stead. */
  readonly guided: boolean;
  /** Somebody's program that ours is averaged with. */
  readonly beside: ProgramText | null;
  /** Seconds the evaluation of a genome should take, as far as the parent's run tells. */
  readonly expectedS: (genome: Genome) => number | null;
}

export interface IdeaRequest {
  readonly context: OperatorContext;
  readonly modality: GenomeModality;
  readonly problem: Problem;
  readonly profile: Profile;
  readonly random: Random;
  /** Labels tried in an earlier round of this trajectory. */
  readonly tried: ReadonlySet<string>;
}

const variantsPerRound = 3;

export function ideasFor(request: IdeaRequest): Ideas {
  const { context, problem } = request;
  const bases = context.parents.map((parent) => baseOf(parent, context.task, problem));
  const [first, second] = bases;
  const sameModality = (base: Base | null | undefined): base is Base =>
    base !== null && base !== undefined && base.genome.modality === request.modality;
  if (context.operator === 'crossover' && sameModality(first) && sameModality(second)) {
    return crossIdeas(request, first, second) ?? mutationIdeas(request, first);
  }
  const usable = bases.find(sameModality);
  if (context.operator !== 'draft' && usable !== undefined) return mutationIdeas(request, usable);
  return draftIdeas(request);
}

function draftIdeas(request: IdeaRequest): Ideas {
  const { context, modality, problem, profile, random } = request;
  const [parent] = context.parents;
  const empty = genomeOf(modality, [memberOf(modality, 'constant')]);
  const family = familyIn(context.guidance, empty);
  // Beside somebody's program any family will do: which one, the number of its children decides.
  const index = parent === undefined ? context.draftIndex : context.siblings.length + 1;
  const variants = draftsFor(modality, index, problem, profile, random, family);
  const beside = parent !== undefined && canStandBeside(parent, context.task, problem) ? parent.program : null;
  const names = [...new Set(variants.flatMap(({ genome }) => genome.members.map((member) => member.family)))].join(
    ', ',
  );
  const reason =
    parent === undefined
      ? `First program number ${context.draftIndex + 1}: ${names}, so that first programs differ in family.`
      : `The program of #${parent.id} has no genome that I can read, so I cannot change it. ${
          beside === null
            ? `I write a new one (${names}) in its stead.`
            : `I keep it as it is and average its answers with those of a new one (${names}).`
        }`;
  return {
    reference: null,
    variants: variants.slice(0, variantsPerRound).map(({ genome, label }) => ({
      genome,
      label: beside === null || parent === undefined ? label : `average of #${parent.id} with ${label}`,
    })),
    reason: reason + guidanceRemark(context.guidance, family === null ? [] : [family]),
    guided: family !== null,
    beside,
    expectedS: () => null,
  };
}

function mutationIdeas(request: IdeaRequest, base: Base): Ideas {
  const { context, problem, profile, random, tried } = request;
  const [parent] = context.parents;
  const { genome } = base;
  const expectedS = expectation(genome, parent?.runtimeS ?? null);
  const rewards = rewardsOf(context);
  const known = new Set(context.siblings.flatMap((line) => movesOf(line.summary)));
  const underWay = new Set(context.inFlight.flatMap((line) => movesOf(line.summary)));
  const capS = parent?.runtimeCapS ?? context.limits.evaluationTimeoutS;
  const pastMoves = [parent?.summary ?? '', ...context.lineage.map((line) => line.summary)].flatMap(movesOf);
  const backwards = new Set(pastMoves.map(reversed));
  const isPressed = (parent?.runtimeS ?? 0) > 0.5 * capS;
  const pace = paceS(capS);

  const weigh = (move: Move): number => {
    if (tried.has(move.label) || known.has(move.label)) return 0;
    const seconds = expectedS(move.genome);
    if (isPressed && costOf(move.genome) > 0.8 * costOf(genome)) return 0;
    const tooSlow = seconds === null || seconds <= pace ? 1 : seconds > 0.7 * capS ? 0 : 0.05;
    const repeated = (underWay.has(move.label) ? 0.1 : 1) * (backwards.has(move.label) ? 0.15 : 1);
    return move.weight * preference(rewards, move.label) * tooSlow * repeated;
  };
  let moves = movesFrom(genome, problem, profile, random);
  if (isPressed) moves.push({ genome: shrink(genome), label: 'shrink to fit the time', weight: 3 });
  const wishes = context.guidance === null ? [] : wishesIn(context.guidance, genome);
  const wished = moves.filter((move) => !tried.has(move.label) && wishes.some((wish) => wish.fits(move, genome)));
  if (wished.length > 0) moves = wished;
  const chosen = choose(moves, wished.length > 0 ? (move) => move.weight + 0.1 : weigh, random);
  const labels = chosen.map((move) => move.label).join('; ');
  const pressure = isPressed
    ? ` Its run took ${Math.round(parent?.runtimeS ?? 0)} s of ${capS} s, so only cheaper ones.`
    : '';
  return {
    reference: { genome, label: 'parent' },
    variants: chosen,
    reason: `Parent #${parent?.id ?? '?'} is ${describe(genome)}. Changes to try on held-out rows: ${labels}.${pressure}${guidanceRemark(
      context.guidance,
      wished.length > 0 ? wishes.map((wish) => wish.told) : [],
    )}`,
    guided: wished.length > 0,
    beside: base.beside,
    expectedS,
  };
}

function crossIdeas(request: IdeaRequest, first: Base, second: Base): Ideas | null {
  const { context, profile, random } = request;
  const [a, b] = context.parents;
  if (a === undefined || b === undefined) return null;
  const parentA: CrossParent = { id: a.id, genome: first.genome, weights: weightsInLog(a.logTail) };
  const parentB: CrossParent = { id: b.id, genome: second.genome, weights: weightsInLog(b.logTail) };
  const perCost = Math.max(a.runtimeS / costOf(first.genome), b.runtimeS / costOf(second.genome));
  const expectedS = (genome: Genome): number => Math.max(1.5, perCost * costOf(genome));
  const cap = 0.7 * a.runtimeCapS;
  const moves = crossings(parentA, parentB, profile).map((move) =>
    expectedS(move.genome) > cap
      ? { ...move, genome: shrink(move.genome), label: `${move.label}, made smaller` }
      : move,
  );
  const fresh = moves.filter((move) => !request.tried.has(move.label));
  if (fresh.length === 0) return null;
  const wishes = context.guidance === null ? [] : wishesIn(context.guidance, first.genome);
  const wished = fresh.filter((move) => wishes.some((wish) => wish.fits(move, first.genome)));
  const chosen = choose(wished.length > 0 ? wished : fresh, (move) => move.weight, random);
  return {
    reference: null,
    variants: chosen,
    reason: `#${a.id} is ${describe(first.genome)}; #${b.id} is ${describe(second.genome)}. Ways to join them: ${chosen
      .map((move) => move.label)
      .join('; ')}.${guidanceRemark(context.guidance, wished.length > 0 ? wishes.map((wish) => wish.told) : [])}`,
    guided: wished.length > 0,
    beside: first.beside ?? second.beside,
    expectedS,
  };
}

/** Three moves without repeating a kind where there are enough kinds. */
function choose(moves: readonly Move[], weigh: (move: Move) => number, random: Random): Idea[] {
  const left = moves.map((move) => ({ move, weight: weigh(move) }));
  const chosen: Move[] = [];
  while (chosen.length < variantsPerRound) {
    const kinds = new Set(chosen.map((move) => moveKind(move.label)));
    const drawn = random.pickWeighted(
      left.filter(({ move }) => !chosen.includes(move)),
      ({ move, weight }) => weight * (kinds.has(moveKind(move.label)) ? 0.15 : 1),
    );
    if (drawn === undefined) break;
    chosen.push(drawn.move);
  }
  return chosen.length > 0 ? chosen : moves.slice(0, 1);
}

function expectation(genome: Genome, runtimeS: number | null): Ideas['expectedS'] {
  const cost = costOf(genome);
  // Starting Python and reading the data take their second whatever the model.
  return (other) => (runtimeS === null ? null : 1 + (Math.max(0.5, runtimeS - 1) * costOf(other)) / cost);
}

function describe(genome: Genome): string {
  const names = genome.members.map((member) => member.family);
  return names.length === 1 ? `${names[0]} alone` : `a blend of ${names.join(', ')}`;
}

function guidanceRemark(guidance: string | null, followed: readonly string[]): string {
  if (guidance === null) return '';
  if (followed.length > 0) return ` You asked for something; what I can follow of it: ${followed.join(', ')}.`;
  return ' I cannot follow your guidance: without a language model I know only names of methods and a few words such as "blend", "faster", "simpler", "more regularisation" or "features".';
}
