/** Exit codes of the `aira2` command, and which error means which. Documented in docs/cli.md. */
import { CommanderError } from 'commander';
import { RemoteError } from '../../protocol/rpcErrors.ts';
import { type RefusalKind, RefusedError } from '../api/refusal.ts';

export const exitCodes = {
  ok: 0,
  /** A fault of ours: please report it. */
  internal: 1,
  /** Bad arguments, a bad manifest, a request that cannot be granted. */
  badInput: 2,
  /** No such run, candidate or task. */
  notFound: 3,
  /** This machine lacks something; `aira2 doctor` says what. */
  environment: 4,
  /** The run ended and no candidate could be selected, or a check did not pass. */
  noResult: 5,
  /** Interrupted; the run can be resumed. */
  interrupted: 130,
} as const;

/** An error for the person at the terminal: what happened, to what, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

const byName: Record<string, number> = {
  RunNotFoundError: exitCodes.notFound,
  TaskNotFoundError: exitCodes.notFound,
  TaskNotPreparedError: exitCodes.notFound,
  CandidateNotFoundError: exitCodes.notFound,
  ManifestError: exitCodes.badInput,
  TaskError: exitCodes.badInput,
  SplitDriftError: exitCodes.badInput,
  RequestRefusedError: exitCodes.badInput,
  ProgramFolderError: exitCodes.badInput,
  UnknownModelError: exitCodes.badInput,
  ModelSettingError: exitCodes.badInput,
  LockedError: exitCodes.badInput,
  PriceFileError: exitCodes.badInput,
  RemoteError: exitCodes.badInput,
  RequestTimeoutError: exitCodes.badInput,
  PeerClosedError: exitCodes.badInput,
  DialError: exitCodes.badInput,
  RpcSchemaError: exitCodes.badInput,
  NotConnectedError: exitCodes.badInput,
  DiscoveryError: exitCodes.environment,
  ServerStartError: exitCodes.environment,
  ServerSilentError: exitCodes.environment,
  StartsFailingError: exitCodes.environment,
  FrameTooLargeError: exitCodes.badInput,
  CorruptLogError: exitCodes.badInput,
  DocumentError: exitCodes.badInput,
  DiskFullError: exitCodes.environment,
  WorkerDiskFullError: exitCodes.environment,
  RecordingError: exitCodes.badInput,
  AcquireError: exitCodes.environment,
  PrepareError: exitCodes.badInput,
  WorkerStartError: exitCodes.environment,
  SlotFailedError: exitCodes.environment,
  EndpointInUseError: exitCodes.badInput,
  SocketPathError: exitCodes.environment,
  ScorerError: exitCodes.environment,
  ScorerClosedError: exitCodes.interrupted,
  ChatModelError: exitCodes.environment,
};

const byKind: Record<RefusalKind, number> = {
  bad_input: exitCodes.badInput,
  refused: exitCodes.badInput,
  not_found: exitCodes.notFound,
  environment: exitCodes.environment,
  key: exitCodes.environment,
  no_result: exitCodes.noResult,
};

const isKind = (kind: string | null): kind is RefusalKind => kind !== null && Object.hasOwn(byKind, kind);

/** What the system says of a disk that is full or may not be written. */
const refusals = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof RefusedError) return byKind[error.kind];
  // What a server refuses has its exit code by kind, as if it had been found out here.
  if (error instanceof RemoteError && isKind(error.kind)) return byKind[error.kind];
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && refusals.has(error.code))
    return exitCodes.environment;
  if (error instanceof Error) return byName[error.name] ?? exitCodes.internal;
  return exitCodes.internal;
}
