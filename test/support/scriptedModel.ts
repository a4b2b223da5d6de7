/**
 * A researcher that follows a script, for tests of what is around it: each trajectory writes one program with bash and
 * submits it. Pure: what it says follows from the seed and the messages alone.
 */
import type { ChatModel, GenerateRequest, MessagePart } from '../../server/models/chatModel.ts';

export interface Script {
  /** The program of a trajectory. */
  program: (request: GenerateRequest) => string;
  /** A command to run first, if any. */
  before?: (request: GenerateRequest) => string;
}

export function scriptedModel(script: Script): ChatModel {
  return {
    info: { id: 'scripted', label: 'a script', isLanguageModel: false, contextTokens: null },
    generate: async (request) => {
      const turn = request.messages.filter((message) => message.role === 'model').length;
      const turns: (() => MessagePart)[] = [];
      const { before } = script;
      if (before !== undefined) turns.push(() => call(turn, 'bash', { command: before(request) }));
      turns.push(() => call(turn, 'bash', { command: writeProgram(script.program(request)) }));
      // With its sandbox the program is gone: it is written again.
      const isLost = JSON.stringify(request.messages.at(-1) ?? '').includes('Not submitted:');
      const next = isLost ? turns.at(-1) : turns[turn];
      const part = next?.() ?? call(turn, 'submit', { summary: `program of seed ${request.seed}` });
      return {
        parts: [{ type: 'text', text: `turn ${turn + 1}` }, part],
        finish: { kind: 'tool_calls', raw: 'tool_calls' },
        usage: { input: 0, cachedInput: 0, output: 0, thoughts: 0 },
        native: undefined,
        model: 'scripted',
        requestId: null,
      };
    },
  };
}

function call(turn: number, name: string, args: unknown): MessagePart {
  return { type: 'call', id: `call-${turn}`, name, arguments: args };
}

export function writeProgram(source: string): string {
  return `mkdir -p /workspace/program && cat > /workspace/program/solution.py <<'END_OF_PROGRAM'\n${source}\nEND_OF_PROGRAM`;
}

/** Predicts `slope`·x for the toy task; the nearer to 3, the better. */
export function linearProgram(slope: number): string {
  return `import csv, os
with open(os.path.join(os.environ["AIRA_EVAL_DIR"], "inputs.csv")) as source:
    rows = list(csv.DictReader(source))
with open(os.path.join(os.environ["AIRA_OUT_DIR"], "predictions.csv"), "w") as out:
    out.write("id,y\\n")
    for row in rows:
        out.write(f"{row['id']},{${slope} * float(row['x'])}\\n")
print("predicted", len(rows))`;
}
