import assert from 'node:assert/strict';
import test from 'node:test';
import type { Part } from '@google/genai';
import type { ChatMessage, MessagePart } from '../chatModel.ts';
import { contentsOf } from './contents.ts';
import { appendPart } from './nativeContent.ts';

const model = 'gemini-3-pro-test';
const say = (text: string): ChatMessage => ({ role: 'user', parts: [{ type: 'text', text }] });
const call = (id: string, name = 'bash'): MessagePart => ({ type: 'call', id, name, arguments: { command: id } });
const result = (callId: string, isError = false, name = 'bash'): MessagePart => ({
  type: 'result',
  callId,
  name,
  text: `of ${callId}`,
  isError,
});

test('a signed answer of the same model goes back word for word', () => {
  const parts: Part[] = [
    { text: 'thinking', thought: true },
    { functionCall: { id: 'g1', name: 'bash', args: { command: 'a' } }, thoughtSignature: 'c2ln' },
    { text: '', thoughtSignature: 'ZW5k' },
  ];
  const answer: ChatMessage = { role: 'model', parts: [call('a')], native: { provider: 'gemini', model, parts } };
  const contents = contentsOf([say('go'), answer, { role: 'user', parts: [result('a')] }], model);
  assert.deepEqual(contents[1], { role: 'model', parts });
  assert.deepEqual(contents[2]?.parts, [
    { functionResponse: { id: 'g1', name: 'bash', response: { output: 'of a' } } },
  ]);
});

test("another model's calls carry the sentinel on the first one only", () => {
  const native = {
    provider: 'gemini',
    model: 'gemini-2-other',
    parts: [{ functionCall: { name: 'bash' }, thoughtSignature: 'eA==' }],
  };
  const answer: ChatMessage = { role: 'model', parts: [{ type: 'text', text: 'why' }, call('a'), call('b')], native };
  const [, content] = contentsOf([say('go'), answer, { role: 'user', parts: [result('a'), result('b')] }], model);
  assert.deepEqual(content?.parts, [
    { text: 'why' },
    { functionCall: { name: 'bash', args: { command: 'a' } }, thoughtSignature: 'skip_thought_signature_validator' },
    { functionCall: { name: 'bash', args: { command: 'b' } } },
  ]);
});

test('results of parallel calls share one user turn, in the order of the calls, before any words', () => {
  const answer: ChatMessage = { role: 'model', parts: [call('a'), call('b', 'python')] };
  const late: ChatMessage[] = [
    { role: 'user', parts: [result('b', true, 'python'), { type: 'text', text: 'hurry' }] },
    { role: 'user', parts: [result('a')] },
  ];
  const contents = contentsOf([say('go'), answer, ...late], model);
  assert.equal(contents.length, 3);
  assert.deepEqual(contents[2]?.parts, [
    { functionResponse: { name: 'bash', response: { output: 'of a' } } },
    { functionResponse: { name: 'python', response: { error: 'of b' } } },
    { text: 'hurry' },
  ]);
});

test('an answer without any part is left out, and the words around it become one turn', () => {
  const bare: ChatMessage = {
    role: 'model',
    parts: [{ type: 'text', text: '' }],
    native: { provider: 'gemini', model, parts: [] },
  };
  assert.deepEqual(contentsOf([say('go'), bare, say('again')], model), [
    { role: 'user', parts: [{ text: 'go' }, { text: 'again' }] },
  ]);
});

test('calls and results that do not pair are refused here, by name', () => {
  const answer: ChatMessage = { role: 'model', parts: [call('a'), call('b')] };
  const refused = { name: 'ChatModelError', kind: 'bad_request' };
  assert.throws(() => contentsOf([say('go'), answer, { role: 'user', parts: [result('a')] }], model), {
    ...refused,
    message: /call b of bash/,
  });
  assert.throws(() => contentsOf([say('go'), { role: 'user', parts: [result('z')] }], model), {
    ...refused,
    message: /result z/,
  });
});

test('streamed pieces of a text are joined, and an empty piece stays only where it carries a signature', () => {
  const parts: Part[] = [];
  const pieces: Part[] = [
    { text: 'a', thought: true },
    { text: 'b', thought: true },
    { text: 'c' },
    { text: '' },
    { text: 'd' },
    { text: '', thoughtSignature: 's' },
    { text: 'e' },
  ];
  for (const part of pieces) appendPart(parts, part);
  assert.deepEqual(parts, [
    { text: 'ab', thought: true },
    { text: 'cd' },
    { text: '', thoughtSignature: 's' },
    { text: 'e' },
  ]);
});
