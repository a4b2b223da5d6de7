/** One model call with patience: the provider's trouble parks the agent, and only words the request itself earned end it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatModel, ChatModelError, type GenerateRequest, type GenerateResponse } from '../models/chatModel.ts';
import { delayBeforeRetryMs } from '../models/retry.ts';
import { ConversationRefusedError, InterruptedError, ProviderStoppedError, TrajectoryEnd } from './limits.ts';

/**
 * @param onIncomplete told of every answer that broke off: it may have been paid for
 * @returns the response, and how long the agent was parked waiting for the provider (its clock stood still)
 * @throws {ProviderStoppedError} authentication, quota, or a set-up that cannot work; {ConversationRefusedError} this
 *   conversation only; {TrajectoryEnd} nothing can be had; {InterruptedError} aborted; {ChatModelError} kind
 *   `context_overflow` only
 */
export async function askModel(
  model: ChatModel,
  request: GenerateRequest,
  onIncomplete: (response: GenerateResponse, parkedMs: number) => Promise<void> = async () => undefined,
): Promise<{ response: GenerateResponse; parkedMs: number }> {
  let began = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    const started = performance.now();
    try {
      const response = await model.generate(request);
      const parkedMs = started - began + (response.waitedMs ?? 0);
      if (response.finish.kind !== 'incomplete') return { response, parkedMs };
      await onIncomplete(response, parkedMs);
      began = performance.now();
      throw new ChatModelError('network', `the answer broke off (${response.finish.raw})`);
    } catch (error) {
      if (request.signal.aborted) throw new InterruptedError('the trajectory was interrupted');
      if (!ChatModelError.is(error)) throw error;
      if (!error.isTransient) throw terminal(error, request);
      await park(delayBeforeRetryMs(error, attempt), request.signal);
    }
  }
}

function terminal(error: ChatModelError, { messages }: GenerateRequest): Error {
  switch (error.kind) {
    case 'context_overflow':
      return error;
    case 'auth':
    case 'quota_exhausted':
    case 'not_recorded':
      return new ProviderStoppedError(error.message, { cause: error });
    case 'conversation_refused':
      return new ConversationRefusedError(error.message, { cause: error });
    case 'bad_request': {
      // Where the model has answered before, name, key and set-up are right: it is something in this conversation.
      const wasAnswered = error.status !== 404 && messages.some(({ role }) => role === 'model');
      const options = { cause: error };
      return wasAnswered
        ? new ConversationRefusedError(error.message, options)
        : new ProviderStoppedError(error.message, options);
    }
    case 'aborted':
      return new InterruptedError(error.message);
    case 'out_of_time':
      return new TrajectoryEnd('time_limit', error.message);
    default:
      return new TrajectoryEnd('failed', `the model could not answer: ${error.message}`);
  }
}

async function park(waitMs: number, signal: AbortSignal): Promise<void> {
  await sleep(waitMs, undefined, { signal }).catch((cause: unknown) => {
    throw new InterruptedError('the trajectory was interrupted', { cause });
  });
}
