/** Models of clients' editors, for as long as those clients are attached. */

import { bridgeRefusals } from '../../protocol/client.ts';
import type { OfferedModel } from '../../protocol/clientViews.ts';
import {
  FrameTooLargeError,
  PeerClosedError,
  RemoteError,
  RequestTimeoutError,
  RpcSchemaError,
} from '../../protocol/rpcErrors.ts';
import { Listeners, type Subscription } from '../../protocol/subscription.ts';
import {
  type EditorAnswer,
  EditorModelError,
  type EditorModels,
  type EditorRequest,
} from '../models/vscode/editorModels.ts';
import type { ClientSession } from './clientSession.ts';

/** An editor may ask its person for consent before it answers. */
const answerMs = 15 * 60_000;

export class Offers implements EditorModels {
  /** The latest last. */
  readonly #sessions = new Set<ClientSession>();
  readonly #listeners = new Listeners<void>();

  /** Replaces what this client offered before. */
  offer(session: ClientSession, models: OfferedModel[]): void {
    session.offered = models;
    this.#sessions.delete(session);
    if (session.isOpen && models.length > 0) this.#sessions.add(session);
    this.#listeners.tell();
  }

  /** The client has gone. */
  withdraw(session: ClientSession): void {
    if (this.#sessions.delete(session)) this.#listeners.tell();
  }

  /** What anybody offers now, once for each id. */
  models(): OfferedModel[] {
    const found = new Map<string, OfferedModel>();
    for (const { offered } of this.#sessions) for (const model of offered) found.set(model.id, model);
    return [...found.values()];
  }

  find(id: string): OfferedModel | null {
    return this.models().find((model) => model.id === id) ?? null;
  }

  onChange(listener: () => void): Subscription {
    return this.#listeners.add(listener);
  }

  async generate(model: string, request: EditorRequest, signal: AbortSignal): Promise<EditorAnswer> {
    const session = [...this.#sessions].findLast(({ offered }) => offered.some(({ id }) => id === model));
    if (session === undefined)
      throw new EditorModelError('absent', `No VS Code window that offers the model ${model} is attached.`);
    try {
      return await session.peer.request('model.generate', { model, ...request }, { timeoutMs: answerMs, signal });
    } catch (error) {
      throw signal.aborted ? error : editorError(model, error);
    }
  }
}

function editorError(model: string, error: unknown): unknown {
  if (error instanceof PeerClosedError)
    return new EditorModelError('absent', `The VS Code window that offers the model ${model} has gone.`, {
      cause: error,
    });
  if (error instanceof RequestTimeoutError)
    return new EditorModelError('failed', `VS Code gave no answer of ${model} within ${answerMs / 60_000} minutes.`, {
      cause: error,
    });
  if (error instanceof FrameTooLargeError) return new EditorModelError('too_long', error.message, { cause: error });
  if (error instanceof RpcSchemaError) return new EditorModelError('failed', error.message, { cause: error });
  if (!(error instanceof RemoteError)) return error;
  switch (error.kind) {
    case bridgeRefusals.noPermission:
      return new EditorModelError('no_permission', error.message, { cause: error });
    case bridgeRefusals.notFound:
      return new EditorModelError('absent', error.message, { cause: error });
    case bridgeRefusals.blocked:
      return new EditorModelError('blocked', error.message, { cause: error });
    case bridgeRefusals.quota:
      return new EditorModelError('quota', error.message, { cause: error });
    default:
      return new EditorModelError('failed', error.message, { cause: error });
  }
}
