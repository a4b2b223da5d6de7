/**
 * One interface to every model that can drive an agent. The engine never branches on the provider (invariant 6):
 * whatever a provider needs beyond this lives behind it.
 */
import type { Usage } from '../../protocol/trajectory.ts';
import type { OperatorContext } from './operatorContext.ts';

export interface ToolSpec {
  name: string;
  description: string;
  /** JSON schema, flat, of the arguments. */
  parameters: Record<string, unknown>;
}

export type MessagePart =
  | { type: 'text'; text: string }
  | { type: 'call'; id: string; name: string; arguments: unknown }
  | { type: 'result'; callId: string; name: string; text: string; isError: boolean };

export interface ChatMessage {
  role: 'user' | 'model';
  parts: MessagePart[];
  /** The provider's own content for a model message, verbatim: what it needs back unchanged (thought signatures). */
  native?: unknown;
}

/**
 * `auto`: may call tools; `required`: must call one (the final turn, with only `submit` offered, and after an unusable
 * answer); `none`: words only, with the tools still declared so that a provider's prefix cache serves the request.
 */
export type ToolMode = 'auto' | 'required' | 'none';

/** Who asks, and for what: names a call the same way whenever the same trajectory is run. */
export interface Caller {
  /** One trajectory, e.g. `c12`. */
  agent: string;
  /** The step that the answer is for, from 1. */
  step: number;
  purpose: 'act' | 'snapshot';
  /** How many answers for this step were thrown away before. */
  attempt: number;
}

export interface GenerateRequest {
  system: string;
  messages: ChatMessage[];
  tools: ToolSpec[];
  toolMode: ToolMode;
  maxOutputTokens: number;
  /** One seed per trajectory; providers that cannot use it ignore it. */
  seed: number;
  /** The operator's context as data, beside its rendering in the first message; models read the text, the heuristic this. */
  context: OperatorContext;
  /** Absent for calls that belong to no trajectory, e.g. a connection test. */
  caller?: Caller;
  /** The trajectory has no other turn: nothing is held back for one. */
  isOnlyTurn?: boolean;
  signal: AbortSignal;
  /** Asked when the call is sent: milliseconds that it may take. Absent: as long as the provider's own deadlines allow. */
  limitMs?: () => number;
  /** Told of each piece of the answer as it comes: its characters, thoughts and arguments of calls included. */
  onPiece?: (characters: number) => void;
}

export type FinishKind = 'stop' | 'tool_calls' | 'length' | 'malformed' | 'blocked' | 'incomplete';

export interface GenerateResponse {
  parts: MessagePart[];
  finish: { kind: FinishKind; raw: string };
  usage: Usage;
  native: unknown;
  /** The model that answered, as the provider names it. */
  model: string;
  requestId: string | null;
  /** Milliseconds between the request and its being sent, e.g. for a rate limit: the provider's time, not the agent's. */
  waitedMs?: number;
}

/** Why an answer should be drawn again, or null. One that is cut off by its length would only be cut off again. */
export function unusable({
  finish,
  parts,
}: Pick<GenerateResponse, 'finish' | 'parts'>): 'malformed' | 'blocked' | null {
  if (finish.kind === 'blocked') return 'blocked';
  return finish.kind === 'malformed' && !parts.some((part) => part.type === 'call') ? 'malformed' : null;
}

export interface ModelInfo {
  /** As typed after `--model`, e.g. `gemini:gemini-3.1-pro-preview` or `heuristic`. */
  id: string;
  /** As shown to people. */
  label: string;
  /** False for the built-in heuristic: shown wherever its work is. */
  isLanguageModel: boolean;
  contextTokens: number | null;
  /** The server may cut prompts that are too long without saying so: a connection test finds it out. */
  mayTruncate?: boolean;
  /** Names whose quota the calls draw on: provider, key and model. Never holds a key. Absent: the id alone. */
  quota?: string;
  /** How soon a silent provider counts as down, and how often it is tried then. Absent: as for a service on the network. */
  breaker?: { threshold: number; firstWaitMs: number; longestWaitMs: number };
}

export interface ChatModel {
  readonly info: ModelInfo;
  /** @throws {ChatModelError} for every failure of the provider, the network or the request. */
  generate(request: GenerateRequest): Promise<GenerateResponse>;
}

export type ChatModelErrorKind =
  | 'rate_limit'
  | 'quota_exhausted'
  | 'overloaded'
  | 'network'
  | 'timeout'
  | 'context_overflow'
  | 'auth'
  | 'bad_request'
  /** The provider fails at this conversation every time, while it answers others. */
  | 'conversation_refused'
  | 'blocked'
  | 'malformed'
  /** A replay has come to a request that its recording does not hold. */
  | 'not_recorded'
  /** It took longer than whoever asked has left. */
  | 'out_of_time'
  | 'aborted';

/** A provider's failure. `retryAfterMs` is the provider's own word on when to come back. */
export class ChatModelError extends Error {
  override readonly name = 'ChatModelError';
  readonly kind: ChatModelErrorKind;
  readonly retryAfterMs: number | null;
  readonly status: number | null;
  /** What the call took before it failed, as far as is known; null if nothing was counted. */
  readonly usage: Usage | null;

  constructor(
    kind: ChatModelErrorKind,
    message: string,
    options: { retryAfterMs?: number; status?: number; usage?: Usage; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.status = options.status ?? null;
    this.usage = options.usage ?? null;
  }

  /** Worth trying again unchanged: the provider's trouble, not ours. */
  get isTransient(): boolean {
    return (
      this.kind === 'rate_limit' || this.kind === 'overloaded' || this.kind === 'network' || this.kind === 'timeout'
    );
  }

  static is(error: unknown): error is ChatModelError {
    return error instanceof ChatModelError;
  }
}
