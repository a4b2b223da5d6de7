/** What is refused to a person, in words for that person: by the command line with an exit code, by the server over the wire. */

export type RefusalKind =
  | 'bad_input'
  | 'not_found'
  /** This machine lacks something. */
  | 'environment'
  /** It is right, and cannot be done now. */
  | 'refused'
  /** Nothing was selected, or nothing can be. */
  | 'no_result'
  /** A model's key is missing or wrong. */
  | 'key';

export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly kind: RefusalKind;

  /** @param message what happened, to what, and what to do */
  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
