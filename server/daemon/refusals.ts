/** Errors as clients hear of them: a kind to act upon and a sentence for a person, or nothing of what is our own fault. */
import { clientRefusals } from '../../protocol/client.ts';
import { RemoteError, RpcRefusal } from '../../protocol/rpcErrors.ts';
import { RefusedError } from '../api/refusal.ts';
import { ChatModelError } from '../models/chatModel.ts';

const kindsByName: Record<string, string> = {
  RunNotFoundError: clientRefusals.notFound,
  TaskNotFoundError: clientRefusals.notFound,
  TaskNotPreparedError: clientRefusals.notFound,
  CandidateNotFoundError: clientRefusals.notFound,
  ManifestError: clientRefusals.badInput,
  TaskError: clientRefusals.badInput,
  PrepareError: clientRefusals.badInput,
  SplitDriftError: clientRefusals.badInput,
  ProgramFolderError: clientRefusals.badInput,
  UnknownModelError: clientRefusals.badInput,
  ModelSettingError: clientRefusals.badInput,
  PriceFileError: clientRefusals.badInput,
  CandidatePathError: clientRefusals.badInput,
  RequestRefusedError: clientRefusals.refused,
  LockedError: clientRefusals.refused,
  CorruptLogError: clientRefusals.refused,
  DocumentError: clientRefusals.refused,
  ScorerError: clientRefusals.environment,
  AcquireError: clientRefusals.environment,
  WorkerStartError: clientRefusals.environment,
  SlotFailedError: clientRefusals.environment,
  EndpointInUseError: clientRefusals.environment,
  SocketPathError: clientRefusals.environment,
};

/** What the system says of a disk that is full or may not be written. */
const systemRefusals = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/** @returns null for a fault of ours: it is logged here, and told there without its words */
export function refusalOf(error: unknown): RpcRefusal | null {
  if (error instanceof RpcRefusal) return error;
  if (error instanceof RefusedError) {
    const kind = error.kind === 'no_result' ? clientRefusals.refused : error.kind;
    return new RpcRefusal(kind, error.message);
  }
  if (error instanceof ChatModelError)
    return new RpcRefusal(error.kind === 'auth' ? clientRefusals.key : clientRefusals.refused, error.message);
  // Passed on by the host of a run, in its words.
  if (error instanceof RemoteError && error.kind !== null) return new RpcRefusal(error.kind, error.message);
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string' && systemRefusals.has(error.code))
    return new RpcRefusal(clientRefusals.environment, error.message);
  const kind = kindsByName[error.name];
  return kind === undefined ? null : new RpcRefusal(kind, error.message);
}
