/** What a Gemini server answers for an agent that does one thing, writes a program, and submits it; no two programs are alike. */
import { answer, type Reply } from '../models/geminiReplies.ts';
import type { RecordedRequest } from '../models/geminiServer.ts';
import { linearProgram, writeProgram } from './scriptedModel.ts';

/**
 * @param first a bash command of every agent's first turn
 * @param preamble what its program does before anything else, in Python
 */
export function geminiResearcher(
  first: (agent: number) => string,
  preamble: (agent: number) => string = () => '',
): (request: RecordedRequest) => Reply {
  let agents = 0;
  return ({ body }) => {
    const tools = body.tools?.flatMap((tool) => tool.functionDeclarations.map(({ name }) => name)) ?? [];
    if (tools.includes('confirm')) return call('confirm', { word: 'ready' });
    const turn = body.contents.filter(({ role }) => role === 'model').length;
    if (turn === 0) {
      agents += 1;
      return call('bash', { command: first(agents) });
    }
    // A program that was lost with its sandbox is written again.
    const isWritten = JSON.stringify(body.contents.at(-1)).includes('written');
    if (isWritten) return call('submit', { summary: `a line, turn ${turn}` });
    const slope = 2 + (agents % 100) / 200 + turn / 1000;
    const names = Array.from({ length: 12 }, (_, n) => `unused_${agents}_${turn}_${n} = ${agents * 100 + n}`).join(
      '\n',
    );
    const program = `${preamble(agents)}\n${names}\n${linearProgram(slope)}`;
    return call('bash', { command: `${writeProgram(program)}\necho written` });
  };
}

const call = (name: string, args: Record<string, unknown>) =>
  answer({ chunks: [[{ text: 'As planned.' }], [{ functionCall: { name, args } }]] });
