/** The most that a call can take: what is reserved before it. Wrong only on the safe side, as far as can be known beforehand. */
import type { Price } from '../../../protocol/cost.ts';
import type { TrajectoryEvent, Usage } from '../../../protocol/trajectory.ts';
import type { GenerateRequest } from '../chatModel.ts';
import { costOf } from '../prices/cost.ts';
import { promptCharacters } from '../usageEstimate.ts';
import type { Amount } from './budget.ts';

/** Dense text (tables of digits, other scripts) has about two characters to a token; English and code have four. */
const fewestCharactersPerToken = 2;
/** What a provider puts around messages: roles, tool schemas in its own form. */
const overheadTokens = 500;
/** Answer and results that a last turn finds on top of what was sent before. */
const lastTurnGrowth = 16_000;
/** A last turn has to think a little and call `submit`. */
export const lastTurnOutput = 8192;

/** The last call of a trajectory as the provider counted it: the next prompt is that one and what came after. */
interface KnownPrompt {
  characters: number;
  usage: Usage;
}

/** From the events, so that a restart forgets nothing. Snapshots do not count: what they answer is not in the next prompt. */
export function knownPrompt(events: readonly TrajectoryEvent[]): KnownPrompt | null {
  let usage: Usage | null = null;
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    if (usage === null) usage = event === undefined ? null : answeredWith(event);
    else if (event?.type === 'reserved')
      return event.characters === undefined ? null : { characters: event.characters, usage };
  }
  return null;
}

function answeredWith(event: TrajectoryEvent): Usage | null {
  const isDrawnAgain = event.type === 'discarded' && (event.cause === 'malformed' || event.cause === 'blocked');
  return event.type === 'model' || isDrawnAgain ? event.usage : null;
}

/** What an open trajectory held back for its last turn when it was last heard of; null: nothing. */
export function heldBack(events: readonly TrajectoryEvent[], price: Price | null): Amount | null {
  const last = events.findLast((event) => event.type === 'reserved' || event.type === 'ended');
  return last?.type === 'reserved' ? lastTurnAfter(last.usage.input, price) : null;
}

/** Tokens that the prompt has at most. */
function mostInput(characters: number, known: KnownPrompt | null): number {
  if (known === null) return Math.ceil(characters / fewestCharactersPerToken) + overheadTokens;
  const { input, output, thoughts } = known.usage;
  const added = Math.max(0, characters - known.characters);
  return input + output + thoughts + Math.ceil(added / fewestCharactersPerToken);
}

export interface WorstCase {
  /** Of the prompt. */
  characters: number;
  usage: Usage;
  amount: Amount;
  /** To be held back for a last turn after this call. */
  lastTurn: Amount;
}

export function worstCase(request: GenerateRequest, known: KnownPrompt | null, price: Price | null): WorstCase {
  const characters = promptCharacters(request);
  const input = mostInput(characters, known);
  const usage = { input, cachedInput: 0, output: request.maxOutputTokens, thoughts: 0 };
  return { characters, usage, amount: amountOf(usage, price), lastTurn: lastTurnAfter(input, price) };
}

function lastTurnAfter(input: number, price: Price | null): Amount {
  const usage = { input: input + lastTurnGrowth, cachedInput: 0, output: lastTurnOutput, thoughts: 0 };
  return amountOf(usage, price);
}

export function amountOf(usage: Usage, price: Price | null): Amount {
  return { tokens: usage.input + usage.output + usage.thoughts, costUsd: costOf(usage, price) ?? 0 };
}
