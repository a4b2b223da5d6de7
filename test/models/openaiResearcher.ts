/**
 * A model behind the fake OpenAI-compatible server that solves the linear task: looks around for some turns, writes a
 * program, submits it; hands in at once what it has where nothing else is offered. Counts what it bills, tests of the
 * connection left out.
 */

import { linearProgram, writeProgram } from '../support/scriptedModel.ts';
import { answer, callOf, type Reply } from './openaiReplies.ts';
import { ChatBody } from './openaiRules.ts';
import type { RecordedRequest } from './openaiServer.ts';

export interface Bill {
  calls: number;
  input: number;
  cachedInput: number;
  output: number;
  thoughts: number;
}

export interface ResearcherOptions {
  /** Turns of looking around before the program is written. */
  looks?: number;
  slope?: () => number;
  /** Tokens of one answer, thoughts included; never more than the request allows. */
  outputTokens?: (turn: number) => number;
  /** Milliseconds that an answer takes. */
  delayMs?: () => number;
}

const charactersPerToken = 4;

/** @returns what answers requests, and the bill so far: of every answer that was begun */
export function researcher(options: ResearcherOptions = {}): {
  respond: (request: RecordedRequest) => Promise<Reply>;
  bill: Bill;
} {
  const { looks = 0, slope = () => 2.5, outputTokens = () => 60, delayMs = () => 0 } = options;
  const bill: Bill = { calls: 0, input: 0, cachedInput: 0, output: 0, thoughts: 0 };
  return {
    bill,
    respond: async ({ body, seen }) => {
      const { tools = [], messages, max_tokens: most = 1000 } = ChatBody.parse(body);
      const names = tools.map((tool) => tool.function.name);
      const turn = messages.filter(({ role }) => role === 'assistant').length;
      const input = Math.ceil((seen.length + JSON.stringify(tools).length) / charactersPerToken);
      const cachedInput = turn === 0 ? 0 : Math.floor(input / 2);
      const completion = Math.min(most, outputTokens(turn));
      const thoughts = Math.floor(completion / 3);
      await new Promise((resolve) => setTimeout(resolve, delayMs()));
      const call = nextCall(names, turn, { seen, last: messages.at(-1)?.content ?? '' });
      if (call.name !== 'confirm') {
        bill.calls += 1;
        bill.input += input;
        bill.cachedInput += cachedInput;
        bill.output += completion - thoughts;
        bill.thoughts += thoughts;
      }
      const usage = {
        prompt_tokens: input,
        completion_tokens: completion,
        prompt_tokens_details: { cached_tokens: cachedInput },
        completion_tokens_details: { reasoning_tokens: thoughts },
      };
      return answer({ text: ['As planned.'], calls: [call], usage });
    },
  };

  function nextCall(names: readonly string[], turn: number, { seen, last }: { seen: string; last: string }) {
    if (names.includes('confirm')) {
      const password = /The password is "([^"]+)"/.exec(seen)?.[1] ?? 'ready';
      return callOf('confirm', { word: password }, 'c');
    }
    // A fresh sandbox after a shutdown: the program is gone.
    const hasProgram = turn > 0 && !last.includes('Not submitted');
    if (names.length === 1 || (hasProgram && turn > looks + 1))
      return callOf('submit', { summary: `a line, turn ${turn}` }, 's');
    const program = writeProgram(linearProgram(slope()));
    return callOf('bash', { command: hasProgram ? `echo look ${turn}` : program }, 'b');
  }
}
