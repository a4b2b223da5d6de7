/** Tokens by the rule of thumb of four characters to one: good enough to compare texts with each other. */
import type { ChatMessage, MessagePart } from '../models/chatModel.ts';

const charactersPerToken = 4;

export function tokensOfText(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}

export function tokensOfMessages(messages: readonly ChatMessage[]): number {
  let characters = 0;
  for (const message of messages) for (const part of message.parts) characters += charactersOf(part);
  return Math.ceil(characters / charactersPerToken);
}

function charactersOf(part: MessagePart): number {
  switch (part.type) {
    case 'text':
    case 'result':
      return part.text.length;
    case 'call':
      return part.name.length + (JSON.stringify(part.arguments) ?? '').length;
  }
}
