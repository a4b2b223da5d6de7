/** Our messages as Gemini's contents. Pure. */
import type { Content, Part } from '@google/genai';
import { type ChatMessage, ChatModelError, type MessagePart } from '../chatModel.ts';
import { foreignCallSignature, nativeOf } from './nativeContent.ts';

type CallPart = Extract<MessagePart, { type: 'call' }>;
type ResultPart = Extract<MessagePart, { type: 'result' }>;

/** A call that the next user turn must answer, and the id Google gave it, if any. */
interface OpenCall {
  callId: string;
  name: string;
  nativeId: string | undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function callsOf(message: ChatMessage): CallPart[] {
  return message.parts.filter((part) => part.type === 'call');
}

/** A message that this model did not write, or whose native form is lost: its first call carries the sentinel. */
function foreignContent(message: ChatMessage): Content {
  const parts: Part[] = [];
  let signed = false;
  for (const part of message.parts) {
    if (part.type === 'text' && part.text !== '') parts.push({ text: part.text });
    if (part.type !== 'call') continue;
    const functionCall = { name: part.name, args: isRecord(part.arguments) ? part.arguments : {} };
    parts.push(signed ? { functionCall } : { functionCall, thoughtSignature: foreignCallSignature });
    signed = true;
  }
  return { role: 'model', parts };
}

function modelTurn(message: ChatMessage, model: string): { content: Content; calls: OpenCall[] } {
  const calls = callsOf(message);
  const native = nativeOf(message.native, model);
  const nativeCalls = (native?.parts ?? []).flatMap((part) => part.functionCall ?? []);
  const usable = native !== null && nativeCalls.length === calls.length;
  const content = usable ? native : foreignContent(message);
  const open = calls.map(({ id, name }, index) => ({
    callId: id,
    name,
    nativeId: usable ? nativeCalls[index]?.id : undefined,
  }));
  return { content, calls: open };
}

function responsePart({ name, nativeId }: OpenCall, { text, isError }: ResultPart): Part {
  const response = isError ? { error: text } : { output: text };
  return { functionResponse: { ...(nativeId === undefined ? {} : { id: nativeId }), name, response } };
}

/** The answers to a turn's calls, in the order of the calls, then whatever else is said. */
function userTurn(parts: readonly MessagePart[], open: readonly OpenCall[]): Part[] {
  const results = parts.filter((part) => part.type === 'result');
  const answered = open.map((call) => {
    const result = results.find(({ callId }) => callId === call.callId);
    if (result === undefined)
      throw new ChatModelError(
        'bad_request',
        `The call ${call.callId} of ${call.name} has no result in the next turn.`,
      );
    return responsePart(call, result);
  });
  const stray = results.find(({ callId }) => !open.some((call) => call.callId === callId));
  if (stray !== undefined)
    throw new ChatModelError(
      'bad_request',
      `The result ${stray.callId} of ${stray.name} answers no call of the turn before.`,
    );
  const texts = parts.flatMap((part) => (part.type === 'text' && part.text !== '' ? [{ text: part.text }] : []));
  return [...answered, ...texts];
}

/**
 * Messages as `contents`: one user turn between two model turns, with all results of parallel calls in it; model turns word
 * for word where they are this model's own. Answers without any part, which Google would refuse, are left out.
 * @throws {ChatModelError} kind `bad_request` if calls and results do not pair
 */
export function contentsOf(messages: readonly ChatMessage[], model: string): Content[] {
  const contents: Content[] = [];
  let open: OpenCall[] = [];
  let said: MessagePart[] = [];
  const closeUserTurn = () => {
    const parts = userTurn(said, open);
    open = [];
    said = [];
    if (parts.length > 0) contents.push({ role: 'user', parts });
  };
  for (const message of messages) {
    if (message.role === 'user') {
      said.push(...message.parts);
      continue;
    }
    const turn = modelTurn(message, model);
    if (turn.content.parts?.length === 0) continue;
    closeUserTurn();
    contents.push(turn.content);
    open = turn.calls;
  }
  closeUserTurn();
  return contents;
}
