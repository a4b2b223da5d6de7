/** What a trajectory knows while it is played, and how it takes a turn when sandboxes can go away. */
import type { OperatorContext, ProgramText } from '../operatorContext.ts';
import { programFiles } from './base.ts';
import type { ToolCallText } from './commands.ts';
import type { Genome, GenomeModality } from './genome.ts';
import { type Ideas, ideasFor } from './ideas.ts';
import { type Problem, problemOf } from './problem.ts';
import type { Profile } from './profile.ts';
import { Random } from './random.ts';
import type { Observed } from './transcript.ts';

const mostLosses = 3;

export interface Turn {
  /** The true rationale of the move. */
  readonly say: string;
  readonly call: ToolCallText;
}

export type Research<T = void> = Generator<Turn, T, Observed>;

/** What can be submitted if the engine allows nothing else any more. */
export interface Notes {
  summary: string;
}

/** Everything a trajectory knows; made anew from the transcript each time. */
export class Desk {
  readonly context: OperatorContext;
  readonly random: Random;
  readonly notes: Notes;
  problem: Problem;
  profile: Profile = emptyProfile;
  modality: GenomeModality = 'tabular';
  tried = new Set<string>();
  #ideas: Ideas | null = null;
  #timeLeftS: number;
  #losses = 0;
  /** Turns that a fresh sandbox needs before anything else: the sample, the files. */
  readonly #setup: Turn[] = [];

  constructor(context: OperatorContext, seed: number, notes: Notes) {
    this.context = context;
    this.random = new Random(seed);
    this.notes = notes;
    this.problem = problemOf(context.task, 'tabular');
    this.#timeLeftS = context.limits.trajectoryS;
  }

  get ideas(): Ideas {
    this.#ideas ??= this.think();
    return this.#ideas;
  }

  /** New variants; ones that were tried in this trajectory are not among them. */
  think(): Ideas {
    const { context, modality, problem, profile, random, tried } = this;
    this.#ideas = ideasFor({ context, modality, problem, profile, random, tried });
    for (const { label } of this.#ideas.variants) tried.add(label);
    return this.#ideas;
  }

  hasTime(seconds: number): boolean {
    return this.#timeLeftS >= seconds;
  }

  get timeLeftS(): number {
    return this.#timeLeftS;
  }

  filesOf(genome: Genome, beside: ProgramText | null): Map<string, string> {
    return programFiles(genome, beside, this.context.task, this.problem, this.profile);
  }

  /** One turn. A sandbox that went away is set up again before the turn is repeated. */
  *attempt(say: string, call: ToolCallText, isSetup = false): Research<Observed> {
    const turn = { say, call };
    let seen = yield* this.#once(turn);
    while (seen.outcome === 'lost' && this.#losses <= mostLosses) {
      for (const earlier of this.#setup) {
        seen = yield* this.#once({ say: `The sandbox is a fresh one. Again: ${earlier.say}`, call: earlier.call });
      }
      seen = yield* this.#once({ say: `It was cut off. Again: ${say}`, call });
    }
    if (isSetup) this.#setup.push(turn);
    return seen;
  }

  *#once(turn: Turn): Research<Observed> {
    const seen = yield turn;
    if (seen.timeLeftS !== null) this.#timeLeftS = seen.timeLeftS;
    if (seen.outcome === 'lost') this.#losses += 1;
    return seen;
  }
}

const emptyProfile: Profile = {
  trainRows: 0,
  evalRows: 0,
  columns: [],
  targets: [],
  arrays: [],
  time: null,
  series: [],
};
