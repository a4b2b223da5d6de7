/** How an agent's trajectory may end before it submits, each with a name. */
export type EndReason =
  | 'submitted'
  | 'step_limit'
  | 'time_limit'
  | 'no_tool_call'
  | 'malformed_calls'
  | 'looping'
  /** The candidate's own budget is used up. */
  | 'budget_limit'
  /** The run's is: nobody's failure. */
  | 'run_budget'
  | 'aborted'
  | 'failed';

/** Thrown inside the loop to leave it; caught once, at its edge. */
export class TrajectoryEnd extends Error {
  override readonly name = 'TrajectoryEnd';
  readonly reason: Exclude<EndReason, 'submitted'>;
  constructor(reason: Exclude<EndReason, 'submitted'>, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** The provider cannot go on (no quota, bad key): the run must stop, and no candidate is to blame (invariant 5). */
export class ProviderStoppedError extends Error {
  override readonly name = 'ProviderStoppedError';
}

/** What a candidate may take is less than its first turn: no candidate could do anything, so the run must stop and say so. */
export class BudgetTooSmallError extends Error {
  override readonly name = 'BudgetTooSmallError';
}

/**
 * The provider refuses this one conversation, which it had answered before: nobody's failure, and no reason to stop the run.
 * Its assignment is put back like after a fault of the machine.
 */
export class ConversationRefusedError extends Error {
  override readonly name = 'ConversationRefusedError';
}

/** A person, the budget or a shutdown took the trajectory away; its log stays and can be resumed. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
