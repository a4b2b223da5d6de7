/**
 * A researcher that goes on whatever happens to its machine: looks around with bash, computes with Python, writes a program
 * and submits it; writes it again when a fresh sandbox has lost it. Pure: what it does next follows from the messages alone.
 */
import type { ChatMessage, ChatModel, MessagePart } from '../../../server/models/chatModel.ts';
import { linearProgram, writeProgram } from '../scriptedModel.ts';

export interface ResearcherTiming {
  /** How long a bash call, a Python call and the program itself take, in seconds. */
  lookS: number;
  thinkS: number;
  programS: number;
}

export function persistentResearcher({ lookS, thinkS, programS }: ResearcherTiming): ChatModel {
  return {
    info: { id: 'persistent', label: 'a script that does not give up', isLanguageModel: false, contextTokens: null },
    generate: async (request) => {
      const turn = request.messages.filter(({ role }) => role === 'model').length;
      const { looked, thought, written } = standing(request.messages);
      const program = `import time; time.sleep(${programS})\n${linearProgram(2 + (request.seed % 1000) / 500)}`;
      const next = !looked
        ? call(turn, 'bash', { command: `n=${turn}; sleep ${lookS}; echo looked around` })
        : !thought
          ? call(turn, 'python', { code: `import time\nx = ${turn}\ntime.sleep(${thinkS})\nprint(x)` })
          : !written
            ? call(turn, 'bash', { command: writeProgram(program) })
            : call(turn, 'submit', { summary: `a line, of seed ${request.seed}` });
      return {
        parts: [{ type: 'text', text: `turn ${turn}` }, next],
        finish: { kind: 'tool_calls', raw: 'tool_calls' },
        usage: { input: 0, cachedInput: 0, output: 0, thoughts: 0 },
        native: undefined,
        model: 'persistent',
        requestId: null,
      };
    },
  };
}

/** How far it has come. A look that failed is a look; a program counts only where the shell said that it went well. */
function standing(messages: readonly ChatMessage[]) {
  const state = { looked: false, thought: false, written: false };
  const calls = new Map<string, Extract<MessagePart, { type: 'call' }>>();
  for (const part of messages.flatMap(({ parts }) => parts)) {
    if (part.type === 'call') calls.set(part.id, part);
    if (part.type !== 'result') continue;
    const made = calls.get(part.callId);
    if (/fresh sandbox|Not submitted/.test(part.text)) state.written = false;
    else if (made?.name === 'python') state.thought = true;
    else if (made?.name === 'bash' && isWriting(made.arguments)) state.written = !part.isError;
    else if (made?.name === 'bash') state.looked = true;
  }
  return state;
}

const isWriting = (given: unknown) => JSON.stringify(given).includes('END_OF_PROGRAM');

function call(turn: number, name: string, args: unknown): MessagePart {
  return { type: 'call', id: `call-${turn}`, name, arguments: args };
}
