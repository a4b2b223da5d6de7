/** Our messages as those of `/v1/chat/completions` and of Ollama's `/api/chat`. Pure. */
import { type ChatMessage, ChatModelError, type MessagePart } from '../chatModel.ts';
import { type NativeMessage, nativeOf, parsedArguments } from './nativeMessage.ts';

type CallPart = Extract<MessagePart, { type: 'call' }>;
type ResultPart = Extract<MessagePart, { type: 'result' }>;

/** One turn in neither wire's form: what both are rendered from. */
export type Turn =
  | { role: 'user'; text: string }
  | {
      role: 'assistant';
      text: string;
      calls: { id: string; name: string; arguments: Record<string, unknown> }[];
      reasoning: NativeMessage['reasoning'];
    }
  | { role: 'tool'; id: string; name: string; text: string };

/**
 * Turns in order: results right after the calls they answer, in the order of the calls, then words. Answers without any
 * content are left out, and the words around them become one turn: templates refuse two turns of a user in a row.
 * @throws {ChatModelError} kind `bad_request` if calls and results do not pair
 */
export function turnsOf(messages: readonly ChatMessage[], model: string): Turn[] {
  const turns: Turn[] = [];
  let open: CallPart[] = [];
  let said: MessagePart[] = [];
  const closeUserTurn = () => {
    turns.push(...resultTurns(said, open));
    const text = said.flatMap((part) => (part.type === 'text' && part.text !== '' ? [part.text] : [])).join('\n\n');
    if (text !== '') turns.push({ role: 'user', text });
    open = [];
    said = [];
  };
  for (const message of messages) {
    if (message.role === 'user') {
      said.push(...message.parts);
      continue;
    }
    const turn = assistantTurn(message, model);
    if (turn.text === '' && turn.calls.length === 0) continue;
    closeUserTurn();
    turns.push(turn);
    open = message.parts.filter((part) => part.type === 'call');
  }
  closeUserTurn();
  return turns;
}

function assistantTurn(message: ChatMessage, model: string): Extract<Turn, { role: 'assistant' }> {
  const native = nativeOf(message.native, model);
  const text = message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
  const calls = message.parts.flatMap((part) =>
    part.type === 'call' ? [{ id: part.id, name: part.name, arguments: recordOf(part.arguments) }] : [],
  );
  // Servers want reasoning back only beside the calls that it led to.
  return { role: 'assistant', text, calls, reasoning: calls.length > 0 ? (native?.reasoning ?? null) : null };
}

/** Broken arguments go back as an object that shows them: servers refuse what is no JSON object. */
function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'string') return parsedArguments(value) ?? { unparsable: value };
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { value };
}

function resultTurns(parts: readonly MessagePart[], open: readonly CallPart[]): Turn[] {
  const results: ResultPart[] = parts.filter((part) => part.type === 'result');
  const stray = results.find(({ callId }) => !open.some(({ id }) => id === callId));
  if (stray !== undefined)
    throw new ChatModelError(
      'bad_request',
      `The result ${stray.callId} of ${stray.name} answers no call of the turn before.`,
    );
  return open.map(({ id, name }) => {
    const result = results.find(({ callId }) => callId === id);
    if (result === undefined)
      throw new ChatModelError('bad_request', `The call ${id} of ${name} has no result in the next turn.`);
    return { role: 'tool', id, name, text: result.text };
  });
}

export function openAiMessages(system: string, turns: readonly Turn[]): Record<string, unknown>[] {
  return [{ role: 'system', content: system }, ...turns.map(openAiMessage)];
}

function openAiMessage(turn: Turn): Record<string, unknown> {
  if (turn.role === 'user') return { role: 'user', content: turn.text };
  if (turn.role === 'tool') return { role: 'tool', tool_call_id: turn.id, content: turn.text };
  const toolCalls = turn.calls.map(({ id, name, arguments: given }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(given) },
  }));
  return {
    role: 'assistant',
    content: turn.text === '' ? null : turn.text,
    ...(turn.reasoning === null ? {} : { [turn.reasoning.field]: turn.reasoning.text }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  };
}

/** Ollama's own form: arguments are objects, and a result names its tool. */
export function ollamaMessages(system: string, turns: readonly Turn[]): Record<string, unknown>[] {
  return [{ role: 'system', content: system }, ...turns.map(ollamaMessage)];
}

function ollamaMessage(turn: Turn): Record<string, unknown> {
  if (turn.role === 'user') return { role: 'user', content: turn.text };
  if (turn.role === 'tool') return { role: 'tool', tool_name: turn.name, tool_call_id: turn.id, content: turn.text };
  const toolCalls = turn.calls.map(({ id, name, arguments: given }) => ({ id, function: { name, arguments: given } }));
  return {
    role: 'assistant',
    content: turn.text,
    ...(turn.reasoning === null ? {} : { thinking: turn.reasoning.text }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  };
}
