/** The most that a call can take: what is reserved before it. Wrong only on the safe side, as far as can be known beforehand. */
import type { Price } from '../../../protocol/cost.ts';
import type { Usage } from '../../../protocol/trajectory.ts';
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
export interface KnownPrompt {
  characters: number;
  usage: Usage;
}

/** Tokens that the prompt has at most. */
export function mostInput(
  request: Pick<GenerateRequest, 'system' | 'messages' | 'tools'>,
  known: KnownPrompt | null,
): number {
  const characters = promptCharacters(request);
  if (known === null) return Math.ceil(characters / fewestCharactersPerToken) + overheadTokens;
  const { input, output, thoughts } = known.usage;
  const added = Math.max(0, characters - known.characters);
  return input + output + thoughts + Math.ceil(added / fewestCharactersPerToken);
}

export interface WorstCase {
  usage: Usage;
  amount: Amount;
  /** To be held back for a last turn after this call. */
  lastTurn: Amount;
}

export function worstCase(request: GenerateRequest, known: KnownPrompt | null, price: Price | null): WorstCase {
  const input = mostInput(request, known);
  const usage = { input, cachedInput: 0, output: request.maxOutputTokens, thoughts: 0 };
  const last = { input: input + lastTurnGrowth, cachedInput: 0, output: lastTurnOutput, thoughts: 0 };
  return { usage, amount: amountOf(usage, price), lastTurn: amountOf(last, price) };
}

export function amountOf(usage: Usage, price: Price | null): Amount {
  return { tokens: usage.input + usage.output + usage.thoughts, costUsd: costOf(usage, price) ?? 0 };
}
