/** A model whose one answer, a submission, takes a given time. For the engine it is a language model: governed and accounted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatModel, ChatModelError } from '../../server/models/chatModel.ts';

export function sleepingModel(answerMs: number): ChatModel {
  return {
    info: { id: 'simulated', label: 'simulated by sleep', isLanguageModel: true, contextTokens: 200_000 },
    generate: async ({ signal, seed }) => {
      if (answerMs > 0)
        await sleep(answerMs, undefined, { signal }).catch((cause: unknown) => {
          throw new ChatModelError('aborted', 'the request was aborted', { cause });
        });
      return {
        parts: [
          { type: 'text', text: `Idea: variant ${seed}. I hand it in.` },
          { type: 'call', id: 'submit-1', name: 'submit', arguments: { summary: `variant ${seed}` } },
        ],
        finish: { kind: 'tool_calls', raw: 'STOP' },
        usage: { input: 8000, cachedInput: 0, output: 2000, thoughts: 0 },
        native: undefined,
        model: 'simulated',
        requestId: null,
      };
    },
  };
}
