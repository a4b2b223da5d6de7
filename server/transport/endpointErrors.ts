/** Why a server cannot listen where it was told to. */

export class EndpointInUseError extends Error {
  override readonly name = 'EndpointInUseError';
  readonly where: string;

  constructor(where: string) {
    super(`another agent server listens at ${where}: use that one, or stop it first`);
    this.where = where;
  }
}

export class SocketPathError extends Error {
  override readonly name = 'SocketPathError';
  readonly path: string;

  constructor(path: string, why: string, remedy: string) {
    super(`cannot listen at ${path}: ${why}; ${remedy}`);
    this.path = path;
  }
}
