/** One model call with patience: the provider's trouble parks the agent, and only words the request itself earned end it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatModel, ChatModelError, type GenerateRequest, type GenerateResponse } from '../models/chatModel.ts';
import { delayBeforeRetryMs } from '../models/retry.ts';
import { InterruptedError, ProviderStoppedError, TrajectoryEnd } from './limits.ts';

/** A withheld answer may be one draw of many: it is asked for again this often. */
const maxBlocked = 3;

/**
 * @returns the response, and how long the agent was parked waiting for the provider (its clock stood still)
 * @throws {ProviderStoppedError} authentication or quota; {TrajectoryEnd} blocked or too long; {InterruptedError} aborted
 */
export async function askModel(
  model: ChatModel,
  request: GenerateRequest,
): Promise<{ response: GenerateResponse; parkedMs: number }> {
  const began = performance.now();
  let blocked = 0;
  for (let attempt = 0; ; attempt += 1) {
    const started = performance.now();
    try {
      const response = await model.generate(request);
      if (response.finish.kind === 'incomplete')
        throw new ChatModelError('network', `the answer broke off (${response.finish.raw})`);
      if (response.finish.kind !== 'blocked') return { response, parkedMs: started - began };
      blocked += 1;
      if (blocked >= maxBlocked)
        throw new TrajectoryEnd('failed', `the provider withheld ${maxBlocked} answers (${response.finish.raw})`);
    } catch (error) {
      if (request.signal.aborted) throw new InterruptedError('the trajectory was interrupted');
      if (!ChatModelError.is(error)) throw error;
      if (!error.isTransient) throw terminal(error);
      await park(delayBeforeRetryMs(error, attempt), request.signal);
    }
  }
}

function terminal(error: ChatModelError): Error {
  switch (error.kind) {
    case 'auth':
    case 'quota_exhausted':
    case 'bad_request':
      return new ProviderStoppedError(error.message, { cause: error });
    case 'aborted':
      return new InterruptedError(error.message);
    default:
      return new TrajectoryEnd('failed', `the model could not answer: ${error.message}`);
  }
}

async function park(waitMs: number, signal: AbortSignal): Promise<void> {
  await sleep(waitMs, undefined, { signal }).catch((cause: unknown) => {
    throw new InterruptedError('the trajectory was interrupted', { cause });
  });
}
