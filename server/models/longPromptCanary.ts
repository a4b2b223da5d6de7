/**
 * Does a long prompt reach the model whole? Some servers cut what is too long from the front and say nothing (Ollama's `/v1`
 * at 4,096 tokens, proxies at whatever they were set to). A word at the very front of a long prompt has to come back.
 */
import { randomInt } from 'node:crypto';
import type { GenerateResponse } from './chatModel.ts';

const words = ['heron', 'quartz', 'saffron', 'lantern', 'walnut', 'cobalt', 'juniper', 'marble', 'thistle', 'anchor'];
/** Without digits, which take a token each in some vocabularies: about five characters to a token in all of them. */
const filler = [
  'The committee met again in the afternoon and agreed on nothing in particular.',
  'Several members spoke about the weather, and others about the price of timber.',
  'A letter from the harbour was read aloud, and then it was put away unanswered.',
  'Nobody could remember who had asked for the meeting, or what it was meant to decide.',
];
const charactersPerToken = 5;
/** A server that counts less than this share of the prompt has not read it. */
const readShare = 0.6;

export interface Canary {
  /** What must come back. */
  word: string;
  /** Tokens of the prompt, about. */
  tokens: number;
  prompt: string;
}

export function canaryOf(tokens: number): Canary {
  const word = `${words[randomInt(words.length)]}-${words[randomInt(words.length)]}-${randomInt(100, 1000)}`;
  const lines = [`The password is "${word}". Keep it in mind: it is asked for at the end.`, ''];
  let length = 0;
  for (let line = 0; length < tokens * charactersPerToken; line += 1) {
    const sentence = filler[line % filler.length] ?? '';
    lines.push(sentence);
    length += sentence.length + 1;
  }
  lines.push('', 'What is the password from the very first line? Call `confirm` with it as the word.');
  return { word, tokens, prompt: lines.join('\n') };
}

export type CanaryOutcome =
  | { kind: 'came_back' }
  /** `read`: tokens of the prompt by the server's own count, where it counts. */
  | { kind: 'cut'; read: number | null }
  /** Read whole, by the server's count, and still not brought back: a weak model. */
  | { kind: 'forgotten' };

export function outcomeOf({ word, tokens }: Canary, { parts, usage }: GenerateResponse): CanaryOutcome {
  const said = parts.map((part) => (part.type === 'call' ? JSON.stringify(part.arguments) : part.text)).join('\n');
  if (said.toLowerCase().includes(word)) return { kind: 'came_back' };
  const read = usage.estimated === true || usage.input === 0 ? null : usage.input;
  return read !== null && read >= tokens * readShare ? { kind: 'forgotten' } : { kind: 'cut', read };
}
