/** An agent's loop with everything around it played by the test: a model that follows a script, a workbench that runs nothing. */
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import type { AgentOptions } from '../../server/agent/loop.ts';
import type { Rehearsals } from '../../server/agent/rehearsal.ts';
import type { FreshFile, ToolOutcome, Workbench } from '../../server/agent/workbench.ts';
import type {
  ChatModel,
  GenerateRequest,
  GenerateResponse,
  MessagePart,
  ModelInfo,
} from '../../server/models/chatModel.ts';
import { draftContext } from './operatorContext.ts';

/** Parts of an answer, a whole answer, or what makes one. */
export type Turn =
  | MessagePart[]
  | Partial<GenerateResponse>
  | ((request: GenerateRequest) => MessagePart[] | Partial<GenerateResponse>);

/** A model that says what the test has written down, turn by turn, and keeps what it was asked. */
export function scripted(turns: Turn[], info: Partial<ModelInfo> = {}): ChatModel & { requests: GenerateRequest[] } {
  const requests: GenerateRequest[] = [];
  return {
    requests,
    info: { id: 'scripted', label: 'scripted', isLanguageModel: false, contextTokens: null, ...info },
    generate: async (request) => {
      requests.push(request);
      const turn = turns[requests.length - 1];
      if (turn === undefined) throw new Error('the script has ended');
      const said = typeof turn === 'function' ? turn(request) : turn;
      const given: Partial<GenerateResponse> = Array.isArray(said) ? { parts: said } : said;
      const parts = given.parts ?? [];
      const kind = parts.some((part) => part.type === 'call') ? 'tool_calls' : 'stop';
      return {
        finish: { kind, raw: 'STOP' },
        usage: { input: 0, cachedInput: 0, output: 1, thoughts: 0 },
        native: undefined,
        model: 'scripted',
        requestId: null,
        ...given,
        parts,
      };
    },
  };
}

export const text = (words: string): MessagePart => ({ type: 'text', text: words });
export const call = (name: string, args: unknown, id = `${name}-${Math.random()}`): MessagePart => ({
  type: 'call',
  id,
  name,
  arguments: args,
});
export const bash = (command: string) => call('bash', { command });
export const submit = (directory = '/workspace/program') => call('submit', { directory, summary: 'a program' });
export const solution: ProgramFile = {
  path: 'solution.py',
  contentBase64: Buffer.from('print(1)').toString('base64'),
};

/** @param change outcomes of single commands @param isFresh whether the file of a proof was just written */
export function bench(
  change: Partial<Record<string, ToolOutcome>> = {},
  kept = true,
  isFresh: (proof: FreshFile) => boolean = () => true,
) {
  const ran: { execId: string; text: string; timeoutMs: number }[] = [];
  const ok = (words: string): ToolOutcome => ({ outcome: 'ok', text: words, fullTextPath: null, durationMs: 1200 });
  const tool: Workbench['bash'] = async (execId, words, timeoutMs, commit) => {
    ran.push({ execId, text: words, timeoutMs });
    await commit(change[words] ?? ok(`did ${words}`));
  };
  const workbench: Workbench = {
    kept,
    bash: tool,
    python: tool,
    collect: (_execId, directory, commit, proof) => {
      if (directory === '/empty') return commit({ refused: 'the folder does not exist' });
      if (proof !== undefined && !isFresh(proof)) return commit({ refused: 'it is old' });
      return commit({ files: directory === '/other' ? [] : [solution] });
    },
  };
  return { ran, workbench };
}

export function options(
  model: ChatModel,
  workbench: Workbench,
  change: Partial<AgentOptions> = {},
): AgentOptions & { saved: ProgramFile[][] } {
  const events: TrajectoryEvent[] = [];
  const saved: ProgramFile[][] = [];
  return {
    saved,
    context: draftContext(),
    model,
    seed: 1,
    log: { events, append: async (event) => void events.push(event) },
    workbench,
    execIdPrefix: 'c1',
    runRemainingMs: () => Number.POSITIVE_INFINITY,
    saveProgram: async (files) => void saved.push(files),
    entryFile: 'solution.py',
    signal: new AbortController().signal,
    ...change,
  };
}

/** Keeps programs in memory. */
export function rehearsals(): Rehearsals {
  let kept: ProgramFile[] | null = null;
  return {
    keep: async (files) => {
      kept = files;
    },
    kept: async () => kept,
    predictions: '/workspace/out/predictions.csv',
    interpreter: 'python',
  };
}
