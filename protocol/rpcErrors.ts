/** What can go wrong between two peers. Each class names the method, what happened and what the caller may do. */

/** The method's own refusal, sent to the caller as it is. Throw it in a handler; the caller gets a `RemoteError`. */
export class RpcRefusal extends Error {
  override readonly name = 'RpcRefusal';
  readonly kind: string;

  /** @param kind a stable word for programs, e.g. `stale_epoch`. @param message a sentence for people. */
  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The other end answered with an error. `kind` is that of its `RpcRefusal`, or null for a protocol error. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly method: string;
  readonly code: number;
  readonly kind: string | null;

  constructor(method: string, code: number, kind: string | null, message: string) {
    super(message);
    this.method = method;
    this.code = code;
    this.kind = kind;
  }
}

/** No answer within the deadline. The other end may still have done the work. */
export class RequestTimeoutError extends Error {
  override readonly name = 'RequestTimeoutError';
  readonly method: string;
  readonly timeoutMs: number;

  constructor(method: string, timeoutMs: number) {
    super(`no answer to ${method} within ${timeoutMs} ms; it may still have been carried out`);
    this.method = method;
    this.timeoutMs = timeoutMs;
  }
}

/** The connection ended before the answer came, or was never open. */
export class PeerClosedError extends Error {
  override readonly name = 'PeerClosedError';
  readonly method: string | null;

  constructor(method: string | null, reason: string) {
    super(`${method === null ? 'the connection' : `the connection under ${method}`} is closed: ${reason}`);
    this.method = method;
  }
}

/** A message of ours, or an answer of theirs, that does not fit the method table. */
export class RpcSchemaError extends Error {
  override readonly name = 'RpcSchemaError';
  readonly method: string;

  constructor(method: string, what: 'parameters' | 'result', detail: string) {
    super(`${what} of ${method} do not fit the protocol: ${detail}`);
    this.method = method;
  }
}

/** A message that would exceed what the other end takes in one frame. Nothing was sent. */
export class FrameTooLargeError extends Error {
  override readonly name = 'FrameTooLargeError';
  readonly bytes: number;
  readonly limitBytes: number;

  constructor(bytes: number, limitBytes: number) {
    super(`a message of ${bytes} bytes exceeds the limit of ${limitBytes} bytes for one frame`);
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }
}

/** The dial did not end in an open socket. `status` is the HTTP status of the refusal, null if nobody answered. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly status: number | null;

  constructor(where: string, status: number | null, detail: string) {
    super(
      status === null
        ? `cannot reach ${where}: ${detail}`
        : `${where} refused the connection with HTTP status ${status}: ${detail}`,
    );
    this.status = status;
  }
}

/** Thrown by whoever finds a server: trying again would do no good, or harm. */
export class EndOfAttemptsError extends Error {
  override readonly name: string = 'EndOfAttemptsError';
}
