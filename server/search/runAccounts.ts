/**
 * The accounts of a run: what its candidates' calls took, told to the store so that nothing is lost or counted twice, and the
 * budget that all of them draw on.
 */
import { nothingSpent, type Price, type Spending, tokensOf } from '../../protocol/cost.ts';
import type { CandidateId } from '../../protocol/run.ts';
import { StoredTrajectory } from '../agent/trajectoryLog.ts';
import { type Amount, Budget } from '../models/budget/budget.ts';
import { spendingOf } from '../models/budget/spendingOf.ts';
import { type RecordedRefusals, TrajectoryAccount, type TrajectoryLog } from '../models/budget/trajectoryAccount.ts';
import type { ChatModel } from '../models/chatModel.ts';
import type { Governor } from '../models/governor/governor.ts';
import type { RunStore } from '../store/runStore.ts';

export interface RunAccountsOptions {
  store: RunStore;
  model: ChatModel;
  /** null: unpriced. */
  price: Price | null;
  governor: Governor | null;
  now?: () => number;
}

/** A candidate at work is told of no more often: an event for every call would be too many. */
const betweenReportsMs = 5 * 60_000;

export class RunAccounts {
  readonly #options: RunAccountsOptions;
  readonly #now: () => number;
  readonly #budget: Budget;
  readonly #reportedAt = new Map<CandidateId, number>();

  private constructor(options: RunAccountsOptions, budget: Budget) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#budget = budget;
    const { store } = options;
    store.subscribe(store.view.lastSeq, ({ body }) => {
      if (body.type === 'budget_extended')
        budget.extend({ costUsd: body.by.costUsd ?? 0, tokens: body.by.tokens ?? 0 });
    });
  }

  /** Takes in first what trajectories say that a killed server could not tell any more. */
  static async open(options: RunAccountsOptions): Promise<RunAccounts> {
    const { store } = options;
    for (const { id, state, spent = nothingSpent } of [...store.view.candidates.values()]) {
      if (state !== 'running') continue;
      const events = await StoredTrajectory.read(store.candidatePaths(id).trajectory);
      const known = spendingOf(events, { open: true });
      if (!isSame(known, spent)) await store.append({ type: 'candidate_spent', id, spent: known });
    }
    const { summary } = store.view;
    const { costUsd = null, tokens = null } = summary.config.budget ?? {};
    return new RunAccounts(options, Budget.ofRun({ costUsd, tokens }, amountOf(summary.spent)));
  }

  /** Why no new candidate should be started, or null. */
  softEnd(): string | null {
    return this.#budget.softEnd();
  }

  /**
   * The account of one trajectory, opened or taken up again. Close it when its agent has ended.
   * @param refusals null: the run's own budget says what there is room for
   */
  openAccount(agent: string, log: TrajectoryLog, refusals: RecordedRefusals | null = null): Promise<TrajectoryAccount> {
    const { store, model, price, governor } = this.#options;
    const { candidateCostUsd = null, candidateTokens = null } = store.view.summary.config.budget ?? {};
    const limits = { costUsd: candidateCostUsd, tokens: candidateTokens };
    const spent = amountOf(spendingOf(log.events, { open: true }));
    const budget = this.#budget.ofCandidate(limits, spent);
    // The governor serves other runs, too, whose agents have the same names.
    const given = { model, price, log, agent: `${store.id}/${agent}`, governor, budget, now: this.#now };
    return TrajectoryAccount.open(refusals === null ? given : { ...given, refusals });
  }

  /** For the event with which a candidate goes on: nothing where no call was made. */
  told(account: TrajectoryAccount | null): { spent?: Spending } {
    return account === null || account.spending.calls === 0 ? {} : { spent: account.spending };
  }

  /** Tells of a candidate at work, now and then. */
  async reportAtWork(id: CandidateId, account: TrajectoryAccount): Promise<void> {
    const last = this.#reportedAt.get(id);
    const now = this.#now();
    if (last === undefined) this.#reportedAt.set(id, now);
    if (last === undefined || now - last < betweenReportsMs) return;
    this.#reportedAt.set(id, now);
    await this.report(id, account);
  }

  /** Tells the store what the trajectory has taken, if it does not know. */
  async report(id: CandidateId, account: TrajectoryAccount): Promise<void> {
    const { store } = this.#options;
    const known = store.view.candidates.get(id)?.spent ?? nothingSpent;
    if (!isSame(known, account.spending)) await store.append({ type: 'candidate_spent', id, spent: account.spending });
  }

  /** No more is to come of this candidate. */
  forget(id: CandidateId): void {
    this.#reportedAt.delete(id);
  }
}

const amountOf = (spending: Spending): Amount => ({ tokens: tokensOf(spending), costUsd: spending.costUsd });

function isSame(a: Spending, b: Spending): boolean {
  return a.calls === b.calls && tokensOf(a) === tokensOf(b) && Math.abs(a.costUsd - b.costUsd) < 1e-9;
}
