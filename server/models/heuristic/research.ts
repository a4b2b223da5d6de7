/**
 * One trajectory, as prose: look, profile, think of variants, try them on held-out rows, rehearse the best as it will be run,
 * mend it if it breaks, submit. A generator: it yields a turn and is given what was observed. It keeps nothing outside itself, so
 * that running it again over the observations of a transcript leads to the same next turn.
 */
import * as z from 'zod';
import type { OperatorContext } from '../operatorContext.ts';
import {
  lookCommand,
  profileCall,
  rehearseCommand,
  screenCommand,
  submitCall,
  type ToolCallText,
  writeCommand,
} from './commands.ts';
import { paceS } from './cost.ts';
import { Desk, type Notes, type Research } from './desk.ts';
import { fragment } from './fragments.ts';
import type { Genome, GenomeModality } from './genome.ts';
import type { Idea, Ideas } from './ideas.ts';
import { problemOf } from './problem.ts';
import { Profile } from './profile.ts';
import { mostRepairs, repair, shrink } from './repair.ts';
import { judge, merged, outputOf, screenedIn, type Verdict } from './screening.ts';
import { summaryOf } from './summary.ts';
import { exitOf, type Observed, resultLines } from './transcript.ts';

/** Steps of a whole trajectory; with fewer, looking and trying fall away. */
const stepsFor = { look: 8, screen: 6, rehearse: 4 } as const;
/** Seconds that must be left for a stage to be worth starting. */
const secondsFor = { screen: 90, secondRound: 150, rehearse: 60 } as const;

export function* research(context: OperatorContext, seed: number, notes: Notes): Research {
  const desk = new Desk(context, seed, notes);
  const maxSteps = context.limits.maxSteps;
  if (maxSteps >= stepsFor.look) {
    yield* desk.attempt('I look at what is there.', lookCommand());
  }
  yield* takeProfile(desk);
  let choice: Choice | null = null;
  if (maxSteps >= stepsFor.screen && desk.hasTime(secondsFor.screen)) choice = yield* tryVariants(desk);
  const { ideas } = desk;
  const chosen = choice ?? untried(desk);
  const final = yield* rehearse(desk, chosen, ideas);
  yield* submit(desk, final);
}

/** A genome on its way to submission, and the moves that made it. */
interface Choice {
  readonly genome: Genome;
  readonly moves: readonly string[];
  /** What local tries said, for the reason of the next turn. */
  readonly told: string;
  /** Seconds that a run on all data is expected to take; null if unknown. */
  readonly expectedS: number | null;
  /** Output of a failed try, if the choice is to be mended first. */
  readonly broken: string | null;
}

/** Rows of the sample: enough to tell variants apart, few enough for seconds. */
const mostTableRows = 20_000;
const sampleRows: Record<string, number> = { image: 4000, text: 6000, 'time-series': 10_000_000 };

function* takeProfile(desk: Desk): Research {
  const { task, limits } = desk.context;
  const rows = sampleRows[task.modality] ?? mostTableRows;
  const say = `I find out what the columns are, and lay out a sample of at most ${rows} rows for quick tries.`;
  const seen = yield* desk.attempt(say, profileCall(desk.problem, rows, Math.min(120, limits.toolTimeoutS)), true);
  for (const line of resultLines(seen.text)) {
    const parsed = Profile.safeParse(line);
    if (parsed.success) desk.profile = parsed.data;
  }
  desk.modality = modalityOf(desk);
  desk.problem = problemOf(task, desk.modality);
}

/** The manifest's hint, where the data bears it out. */
function modalityOf({ context, profile, problem }: Desk): GenomeModality {
  const { modality } = context.task;
  const hasImages = profile.arrays.some((array) => array.shape.length >= (modality === 'image' ? 2 : 3));
  const hasText = profile.columns.some((column) => column.kind === 'text');
  if (modality === 'time-series' && profile.time !== null && problem.answer === 'value') return 'time-series';
  if ((modality === 'image' || modality === 'other') && hasImages) return 'image';
  if (modality === 'text' && profile.columns.length > 0) return 'text';
  return modality === 'other' && hasText && profile.columns.length <= 2 ? 'text' : 'tabular';
}

const letters = ['a', 'b', 'c', 'd'];

/** Writes the variants, scores them on held-out rows, and once more with new ones if none is better than the parent. */
function* tryVariants(desk: Desk): Research<Choice> {
  let round = yield* screen(desk, desk.ideas);
  let best = round;
  const helped = round.verdict.gains.some((gain) => gain !== null && gain > 0);
  const mayTryOthers = round.ideas.reference !== null && !round.ideas.guided && round.seconds < 20;
  if (mayTryOthers && !helped && desk.hasTime(secondsFor.secondRound)) {
    round = yield* screen(desk, desk.think());
    if (bestGain(round.verdict) > bestGain(best.verdict) || best.verdict.best === null) best = round;
  }
  return chosenFrom(desk, best);
}

interface Round {
  readonly ideas: Ideas;
  readonly verdict: Verdict;
  /** Seconds of one try of the best variant on the sample. */
  readonly secondsOfBest: number | null;
  /** Seconds of all tries. */
  readonly seconds: number;
  readonly output: string;
}

function bestGain({ best, gains }: Verdict): number {
  return (best === null ? null : gains[best]) ?? Number.NEGATIVE_INFINITY;
}

function* screen(desk: Desk, ideas: Ideas): Research<Round> {
  const reference = ideas.reference === null ? null : 'parent';
  const names = ideas.variants.map((_, index) => letters[index] ?? `v${index}`);
  const files = new Map<string, string>();
  const write = (name: string, genome: Genome): void => {
    const [program = ''] = [...desk.filesOf(genome, null).values()];
    files.set(`variants/${name}/solution.py`, program);
  };
  if (ideas.reference !== null) write('parent', ideas.reference.genome);
  for (const [index, { genome }] of ideas.variants.entries()) write(names[index] ?? 'a', genome);
  files.set('screen.py', fragment('screen'));
  files.set('check.py', fragment('check'));
  const [first] = ideas.variants;
  if (first !== undefined) {
    // From here on there is something to submit, whatever happens.
    for (const [path, content] of desk.filesOf(first.genome, ideas.beside)) files.set(`program/${path}`, content);
    desk.notes.summary = summaryOf(
      [first.label],
      desk.context.parents.map(({ id }) => id),
    );
  }
  yield* desk.attempt(stated(desk, ideas), writeCommand(files), true);

  const variants = [...(reference === null ? [] : [reference]), ...names];
  const { tries, budgetS } = screenSize(desk);
  const say = `I score ${variants.length === 1 ? 'it' : 'each'} on ${desk.modality === 'time-series' ? `${tries} earlier origins` : `up to ${tries} of five folds of the sample`}, ${Math.round(budgetS)} s at most.`;
  const seen = yield* desk.attempt(
    say,
    screenCommand({ variants, tries, budgetS, horizon: desk.problem.horizon ?? 1 }),
  );
  const results = screenedIn(seen.text);
  const verdict = judge(results, ideas.variants, names, reference, desk.problem.direction);
  const best = verdict.best === null ? undefined : results.get(names[verdict.best] ?? '');
  return {
    ideas,
    verdict,
    secondsOfBest: best === undefined ? null : Math.max(0.05, (best.seconds - 1) / best.scores.length),
    seconds: [...results.values()].reduce((sum, result) => sum + result.seconds, 0),
    output: outputOf(seen.text, names[0] ?? 'a'),
  };
}

/** Small data is tried on more folds: its scores are noisier, and cost less. */
function screenSize({ profile, modality, context }: Desk): { tries: number; budgetS: number } {
  const budgetS = Math.min(10, context.limits.toolTimeoutS / 12);
  if (modality === 'time-series') return { tries: 4, budgetS };
  return { tries: profile.trainRows <= 8000 ? 5 : profile.trainRows <= 15_000 ? 3 : 2, budgetS };
}

function chosenFrom(desk: Desk, round: Round): Choice {
  const { ideas, verdict } = round;
  const best = verdict.best === null ? undefined : ideas.variants[verdict.best];
  if (best === undefined) {
    const first = ideas.variants[0] ?? fallbackIdea(desk);
    const told = 'None of them ran.';
    return { genome: first.genome, moves: [first.label], told, expectedS: null, broken: round.output };
  }
  const together = bothOf(ideas, verdict);
  if (together !== null) {
    const told = `On held-out rows: ${verdict.told}. Two of them help and do not touch the same thing, so I take both.`;
    return { ...together, told, expectedS: expectedOf(desk, round, together.genome), broken: null };
  }
  const gain = verdict.best === null ? null : (verdict.gains[verdict.best] ?? null);
  const remark =
    gain === null || gain > 0
      ? `I go on with "${best.label}".`
      : `None beats the parent here; the hidden score may see it otherwise, so the nearest goes on: "${best.label}".`;
  return {
    genome: best.genome,
    moves: [best.label],
    told: `On held-out rows: ${verdict.told}. ${remark}`,
    expectedS: expectedOf(desk, round, best.genome),
    broken: null,
  };
}

/** The two best changes at once, where both beat the parent. */
function bothOf(ideas: Ideas, { gains }: Verdict): { genome: Genome; moves: string[] } | null {
  if (ideas.reference === null) return null;
  const helpful = ideas.variants
    .map((idea, index) => ({ idea, gain: gains[index] ?? 0 }))
    .filter(({ gain }) => gain > 0)
    .sort((a, b) => b.gain - a.gain);
  const [first, second] = helpful;
  if (first === undefined || second === undefined || second.gain < 0.25 * first.gain) return null;
  const genome = merged(ideas.reference.genome, first.idea.genome, second.idea.genome);
  return genome === null ? null : { genome, moves: [first.idea.label, second.idea.label] };
}

/** From the parent's own run where there is one, else from the try on the sample. */
function expectedOf(desk: Desk, round: Round, genome: Genome): number | null {
  const known = round.ideas.expectedS(genome);
  if (known !== null) return known;
  if (round.secondsOfBest === null) return null;
  if (desk.modality === 'time-series') return 1.5 + round.secondsOfBest * (1 + Number(genome.program.backtests ?? 1));
  const rows = Math.min(desk.profile.trainRows, sampleRows[desk.context.task.modality] ?? mostTableRows);
  const growth = (desk.profile.trainRows / Math.max(1, rows)) ** 1.15;
  const folds = Number(genome.program.folds ?? 1);
  return 1.5 + round.secondsOfBest * growth * (folds > 1 ? folds : 2.3);
}

function fallbackIdea(desk: Desk): Idea {
  const [first] = desk.ideas.variants;
  if (first === undefined) throw new Error('the built-in researcher had no idea at all: its draft portfolio is empty');
  return first;
}

function untried(desk: Desk): Choice {
  const { ideas } = desk;
  const idea = fallbackIdea(desk);
  const expectedS = ideas.expectedS(idea.genome);
  const told = `${stated(desk, ideas)} There is no room to try variants first.`;
  return { genome: idea.genome, moves: [idea.label], told, expectedS, broken: null };
}

interface Final {
  readonly summary: string;
  readonly told: string;
  /** Lays the program out again, should the folder be gone when it is submitted. */
  readonly layOut: ToolCallText;
}

const Check = z.object({ problem: z.string().nullable() });

/** Runs the choice as it will be run and mends it until it writes valid predictions. */
function* rehearse(desk: Desk, choice: Choice, ideas: Ideas): Research<Final> {
  const { context } = desk;
  const parents = context.parents.map(({ id }) => id);
  let { genome, expectedS, told } = choice;
  const moves = [...choice.moves];
  const pace = paceS(context.limits.evaluationTimeoutS);
  if (choice.broken !== null) {
    const mended = repair(genome, desk.problem, choice.broken);
    told += ` ${mended.told}`;
    genome = mended.genome;
    moves.push('mended');
  } else if (expectedS !== null && expectedS > 1.5 * pace) {
    told += ` It would take about ${Math.round(expectedS)} s, too long for a search: I make it smaller.`;
    genome = shrink(genome);
    moves.push('made smaller');
    expectedS = pace;
  }
  for (let repairs = 0; ; repairs += 1) {
    const summary = summaryOf(moves, parents);
    const isLong = expectedS === null || expectedS > 8;
    const sample = isLong && desk.profile.trainRows > 0;
    const limitS = Math.max(20, Math.min(context.limits.toolTimeoutS / 2, desk.timeLeftS / 3, sample ? 60 : 45));
    const plan = {
      program: desk.filesOf(genome, ideas.beside),
      entry: context.task.run,
      sample,
      limitS: Math.round(limitS),
      contract: JSON.stringify(context.task.prediction),
    };
    const layOut = rehearseCommand(plan, fragment('check'));
    const how = `I run it once as it will be run, ${sample ? 'on the sample' : 'on all of the data'}, and check what it writes.`;
    const seen = yield* desk.attempt(`${told} ${how}`, layOut);
    // Only now does the folder hold what this summary tells of.
    desk.notes.summary = summary;
    const problem = problemIn(seen);
    const isLast = repairs >= mostRepairs || !desk.hasTime(secondsFor.rehearse);
    if (problem === null || isLast) {
      const outcome = problem === null ? 'It runs and its predictions are valid.' : `It still fails: ${problem}.`;
      return { summary, told: outcome, layOut };
    }
    const mended = repair(genome, desk.problem, `${seen.text}\n${problem}`, repairs);
    genome = mended.genome;
    expectedS = null;
    told = `It failed: ${problem}. ${mended.told}`;
    if (!moves.includes('mended')) moves.push('mended');
  }
}

/** What went wrong in a rehearsal, in a few words; null if nothing did. */
function problemIn(seen: Observed): string | null {
  const exit = exitOf(seen.text, 'program');
  if (seen.outcome === 'timeout' || exit === 124) return 'timed out';
  if (exit === 137) return 'killed, most likely for memory';
  if (exit !== 0) return lastError(seen.text);
  for (const line of resultLines(seen.text)) {
    const parsed = Check.safeParse(line);
    if (parsed.success) return parsed.data.problem;
  }
  return 'its predictions could not be checked';
}

/** The line of a traceback that names the error. */
function lastError(text: string): string {
  const line = text.split('\n').findLast((each) => /^[\w.]*(Error|Exception|Interrupt|Exit)\b/.test(each));
  return (line ?? 'it ended with an error').slice(0, 200);
}

/** The idea on a line that the engine passes on to others at work, in the form in which they know moves; then why. */
function stated({ context }: Desk, ideas: Ideas): string {
  const labels = [...new Set(ideas.variants.map(({ label }) => label))];
  const parents = context.parents.map(({ id }) => id);
  return `Idea: ${summaryOf(labels, parents)}\n${ideas.reason}`;
}

/** The engine's word on a program that is there already; it takes it the second time. */
const repeatedWords = /^Not submitted yet: this program is nearly the same/m;
const identicalWords = /^Not submitted yet: this is the same program/m;

function* submit(desk: Desk, chosen: Final): Research {
  let final = chosen;
  let seen = yield* desk.attempt(`${final.told} I submit it.`, submitCall(final.summary));
  if (identicalWords.test(seen.text)) {
    // Nothing can be learnt from it a second time.
    const other = desk.ideas.variants.find(({ label }) => !final.summary.includes(label));
    if (other !== undefined && desk.hasTime(secondsFor.rehearse)) {
      const told = 'That program is there already. I take another of my variants.';
      const choice = { genome: other.genome, moves: [other.label], told, expectedS: null, broken: null };
      final = yield* rehearse(desk, choice, desk.ideas);
    }
    seen = yield* desk.attempt(`${final.told} I submit it.`, submitCall(final.summary));
  } else if (repeatedWords.test(seen.text)) {
    seen = yield* desk.attempt(
      'The small difference is what I want to know about. I submit it.',
      submitCall(final.summary),
    );
  }
  // A refused or lost submission: the folder was not there. Once more from the beginning.
  if (seen.outcome !== 'ok') {
    yield* desk.attempt('The submission was not taken. I lay the program out again.', final.layOut);
    seen = yield* desk.attempt('Once more.', submitCall(final.summary));
  }
}
