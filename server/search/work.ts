/** What the search has done on slots, whoever does it: candidates brought to an end, and evaluations once more. */
import type { Candidate, CandidateId, PersonRequest } from '../../protocol/run.ts';
import type { WorkerSlot } from '../workers/contract.ts';

/** Brings one started candidate to an end on a slot. Its outcome goes to the store, not to the caller. */
export interface CandidateWork {
  /** @throws {InterruptedError} {ProviderStoppedError} {BudgetTooSmallError}, or `isInfrastructureFault(error)` */
  perform(candidate: Candidate, slot: WorkerSlot, signals: WorkSignals): Promise<void>;
  isInfrastructureFault(error: unknown): boolean;
  /** True if nothing can run on this slot any more. */
  isSlotOut(error: unknown): boolean;
  /** Lays down what a person's submission needs before the candidate is announced. */
  acceptRequest(id: CandidateId, body: PersonRequest): Promise<void>;
}

export interface WorkSignals {
  /** Ends agents' trajectories. */
  agents: AbortSignal;
  /** Ends evaluations too. */
  evaluations: AbortSignal;
}

/** One of the evaluations that a person has asked for, taken by a lane. */
export interface Repetition {
  readonly name: string;
  /** @throws as `CandidateWork.perform` */
  perform(slot: WorkerSlot, signal: AbortSignal): Promise<void>;
  /** Gives up what is left of its request. */
  drop(reason: string): Promise<void>;
  /** Nobody is at it any more. */
  release(): void;
}

export interface Repeats {
  readonly atWork: number;
  /** The next of these evaluations that nobody is at, or null. */
  take(request: string, candidate: CandidateId, times: number): Repetition | null;
}
