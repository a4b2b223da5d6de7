/** Tokens by the number of characters: for servers that count nothing, and for calls whose count never came. */
import type { Usage } from '../../protocol/trajectory.ts';
import type { GenerateRequest } from './chatModel.ts';

/** Usual for English and code; digits and other scripts take more tokens. */
const usualCharactersPerToken = 4;

/** Characters that a request puts before the model: system, messages, tools. */
export function promptCharacters({
  system,
  messages,
  tools,
}: Pick<GenerateRequest, 'system' | 'messages' | 'tools'>): number {
  let total = system.length + JSON.stringify(tools).length;
  for (const { parts } of messages)
    for (const part of parts)
      total += part.type === 'call' ? JSON.stringify(part.arguments ?? {}).length + part.name.length : part.text.length;
  return total;
}

/** The likeliest counts, marked as an estimate. */
export function estimatedUsage(promptSize: number, answerSize: number): Usage {
  const tokens = (characters: number) => Math.ceil(characters / usualCharactersPerToken);
  return { input: tokens(promptSize), cachedInput: 0, output: tokens(answerSize), thoughts: 0, estimated: true };
}
