/**
 * What can go wrong in evaluation that is nobody's candidate's fault (invariant 5). A program's own failures are values
 * (`CandidateFailure`), never these.
 */

/** The scorer or the prepared task is at fault: no score can be had from it until that is mended. */
export class ScorerError extends Error {
  override readonly name = 'ScorerError';
  readonly task: string;
  /** The end of the scoring process's standard error. It may quote labels: for the server's own log, never for agents. */
  readonly diagnostics: string;

  constructor(task: string, message: string, diagnostics = '') {
    super(`Scoring task ${task}: ${message}`);
    this.task = task;
    this.diagnostics = diagnostics;
  }
}

/** The scorer was closed while something waited for it: its server is going down, and nothing is said of any candidate. */
export class ScorerClosedError extends Error {
  override readonly name = 'ScorerClosedError';

  constructor(task: string) {
    super(`Scoring task ${task}: the scorer is closed. Resume the run to have this scored.`);
  }
}

/** A worker or its machine failed while it ran a program. The evaluation may be tried again, there or elsewhere. */
export class InfrastructureError extends Error {
  override readonly name = 'InfrastructureError';
  readonly execId: string;

  constructor(execId: string, message: string) {
    super(`Evaluation ${execId} did not finish, through no fault of its program: ${message}. Try it again.`);
    this.execId = execId;
  }
}
