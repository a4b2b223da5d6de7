/** The built-in researcher as a `ChatModel`: no language model, no key, no cost. Replays its trajectory from the transcript. */
import {
  type ChatModel,
  ChatModelError,
  type GenerateRequest,
  type GenerateResponse,
  type MessagePart,
  type ModelInfo,
} from '../chatModel.ts';
import { submitCall } from './commands.ts';
import type { Notes, Turn } from './desk.ts';
import { research } from './research.ts';
import { observationsOf } from './transcript.ts';

const info: ModelInfo = {
  id: 'heuristic',
  label: 'Built-in heuristic (no LLM)',
  isLanguageModel: false,
  contextTokens: null,
};

const noUsage = { input: 0, cachedInput: 0, output: 0, thoughts: 0 };

/** Its answers are a function of the request's seed, messages and context alone. */
export function createHeuristicModel(): ChatModel {
  return { info, generate: async (request) => answer(request) };
}

function answer(request: GenerateRequest): GenerateResponse {
  if (request.signal.aborted) throw new ChatModelError('aborted', 'the request was aborted');
  const observations = observationsOf(request.messages);
  const notes: Notes = { summary: 'no program was finished' };
  const trajectory = research(request.context, request.seed, notes);
  let next = trajectory.next();
  for (const observation of observations) {
    if (next.done === true) break;
    next = trajectory.next(observation);
  }
  const turn = next.done === true ? null : offered(next.value, request, notes);
  const text = turn?.say ?? 'I have nothing further to try.';
  const parts: MessagePart[] = [{ type: 'text', text }];
  if (turn !== null) {
    const id = `heuristic-${observations.length + 1}`;
    parts.push({ type: 'call', id, name: turn.call.name, arguments: turn.call.arguments });
  }
  return {
    parts,
    finish: turn === null ? { kind: 'stop', raw: 'stop' } : { kind: 'tool_calls', raw: 'tool_calls' },
    usage: noUsage,
    native: undefined,
    model: info.id,
    requestId: null,
  };
}

/** The turn as planned, or a submission of what there is where the engine offers nothing else any more. */
function offered(turn: Turn, request: GenerateRequest, notes: Notes): Turn {
  if (request.tools.some((tool) => tool.name === turn.call.name)) return turn;
  return { say: 'No time is left to go on: I submit what there is.', call: submitCall(notes.summary) };
}
