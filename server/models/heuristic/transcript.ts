/** What a trajectory has shown so far, read back from its messages: the only memory that the researcher has. */
import type { ChatMessage } from '../chatModel.ts';

export type Outcome = 'ok' | 'error' | 'timeout' | 'lost';

export interface Observed {
  readonly text: string;
  readonly outcome: Outcome;
  /** Seconds left to the trajectory as the engine's last line says; null if it says nothing. */
  readonly timeLeftS: number | null;
}

/** One observation for each call that was answered, in order. */
export function observationsOf(messages: readonly ChatMessage[]): Observed[] {
  const answers = new Map<string, Observed>();
  const calls: string[] = [];
  for (const message of messages) {
    for (const part of message.parts) {
      if (part.type === 'call') calls.push(part.id);
      else if (part.type === 'result') answers.set(part.callId, observedIn(part.text, part.isError));
    }
  }
  return calls.flatMap((id) => {
    const answer = answers.get(id);
    return answer === undefined ? [] : [answer];
  });
}

const unitSeconds: Record<string, number> = { s: 1, min: 60, h: 3600 };

/** The engine ends every result with a line like `[ok · 1.2 s · step 5/60 · 13 min left]`. */
function observedIn(text: string, isError: boolean): Observed {
  const footer = text.trimEnd().split('\n').at(-1) ?? '';
  const [, word] = /^\[([a-z]+)/i.exec(footer) ?? [];
  const [, amount, unit] = /([\d.]+) ?(s|min|h) left/.exec(footer) ?? [];
  return {
    text,
    outcome: outcomeOf(word ?? (isError ? 'error' : 'ok')),
    timeLeftS: amount === undefined ? null : Number(amount) * (unitSeconds[unit ?? 's'] ?? 1),
  };
}

function outcomeOf(word: string): Outcome {
  switch (word.toLowerCase()) {
    case 'ok':
      return 'ok';
    case 'timeout':
      return 'timeout';
    case 'session':
    case 'interrupted':
      return 'lost';
    default:
      return 'error';
  }
}

/** What our own code printed after `AIRA-RESULT`, line by line; lines that are no JSON are left out. */
export function resultLines(text: string): unknown[] {
  return [...text.matchAll(/^AIRA-RESULT (.*)$/gm)].flatMap((match) => {
    try {
      return [JSON.parse(match[1] ?? '')];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
}

/** Exit status of a named command, from our own `AIRA-EXIT name status` line; null if it never came. */
export function exitOf(text: string, name: string): number | null {
  const match = new RegExp(`^AIRA-EXIT ${name} (\\d+)$`, 'm').exec(text);
  return match?.[1] === undefined ? null : Number(match[1]);
}
