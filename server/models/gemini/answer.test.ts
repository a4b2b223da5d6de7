import assert from 'node:assert/strict';
import test from 'node:test';
import { GenerateContentResponse } from '@google/genai';
import { request } from '../../../test/models/geminiCalls.ts';
import { Answer } from './answer.ts';

test('thoughts and calls count as what came, also where Google never says how much that was', () => {
  const pieces: number[] = [];
  const asked = request([], { system: 'x'.repeat(4000), tools: [], onPiece: (characters) => pieces.push(characters) });
  const answer = new Answer('gemini-x', asked);
  const call = { functionCall: { name: 'bash', args: { command: 'ls' } } };
  for (const parts of [[], [{ text: 'hmm', thought: true }], [{ text: 'I look.' }, call]])
    answer.add(Object.assign(new GenerateContentResponse(), { candidates: [{ content: { parts } }] }));
  assert.deepEqual(pieces, [0, 3, 7 + 4 + '{"command":"ls"}'.length]);
  const { finish, usage } = answer.response(null);
  assert.equal(finish.kind, 'incomplete');
  assert.deepEqual(usage, { input: 1001, cachedInput: 0, output: 8, thoughts: 0, estimated: true });
});
