/** What a person is told when something does not work out, and what they can do about it with one click. */
import { clientRefusals } from '../../../protocol/client.ts';
import { DiscoveryError } from '../../../protocol/discovery.ts';
import { ServerSilentError, ServerStartError } from '../../../protocol/findServer.ts';
import {
  DialError,
  EndOfAttemptsError,
  PeerClosedError,
  RemoteError,
  RequestTimeoutError,
  RpcSchemaError,
} from '../../../protocol/rpcErrors.ts';
import { NotConnectedError, StartsFailingError } from '../../../protocol/serverClient.ts';
import { messageOf } from '../../../protocol/thrown.ts';
import { SshError } from '../connection/ssh/ssh.ts';
import type { CommandName } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { oneLine, shorten } from '../markdown.ts';

export interface Failure {
  message: string;
  /** `warning`: it cannot be done as things stand. `error`: something is wrong. */
  severity: 'warning' | 'error';
  actions: readonly CommandName[];
}

/** A refusal of our own, in words for a person. */
export class CannotError extends Error {
  override readonly name = 'CannotError';
  readonly actions: readonly CommandName[];

  constructor(message: string, actions: readonly CommandName[] = []) {
    super(message);
    this.actions = actions;
  }
}

/** Long messages are cut: the log has the whole. */
const longest = 500;

export function explain(error: unknown): Failure {
  if (error instanceof CannotError) return { message: error.message, severity: 'warning', actions: error.actions };
  if (error instanceof RemoteError) return explainRefusal(error);
  const message = shorten(oneLine(messageOf(error)), longest);
  if (error instanceof ServerStartError || error instanceof StartsFailingError)
    return { message, severity: 'error', actions: ['showServerLog', 'retryConnection'] };
  if (error instanceof ServerSilentError || error instanceof DiscoveryError)
    return { message, severity: 'error', actions: ['retryConnection'] };
  if (error instanceof DialError && error.status === 401)
    return {
      message: l10n.t('The agent server does not take this token; it has another one after each start. ({0})', message),
      severity: 'warning',
      actions: ['retryConnection', 'connect'],
    };
  if (error instanceof SshError || error instanceof EndOfAttemptsError)
    return { message, severity: 'error', actions: ['retryConnection', 'connect'] };
  if (error instanceof NotConnectedError || error instanceof PeerClosedError || error instanceof DialError)
    return { message, severity: 'warning', actions: ['retryConnection', 'showServerLog'] };
  if (error instanceof RequestTimeoutError) return { message, severity: 'warning', actions: ['showServerLog'] };
  if (error instanceof RpcSchemaError)
    return {
      message: l10n.t('The agent server speaks another version: {0}', message),
      severity: 'error',
      actions: ['restartServer'],
    };
  return { message, severity: 'error', actions: [] };
}

function explainRefusal({ kind, message: words }: RemoteError): Failure {
  const message = shorten(oneLine(words), longest);
  switch (kind) {
    case clientRefusals.key:
      return { message, severity: 'warning', actions: ['setModelKey'] };
    case clientRefusals.environment:
      return { message, severity: 'warning', actions: ['setUpEnvironment', 'doctor'] };
    case clientRefusals.draining:
    case clientRefusals.hello:
      return { message, severity: 'warning', actions: ['restartServer'] };
    case null:
      return { message, severity: 'error', actions: ['showServerLog'] };
    default:
      return { message, severity: 'warning', actions: [] };
  }
}
