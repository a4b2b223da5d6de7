/** Every run of the server by its summary, as of now. */
import type { RunId, RunSummary } from '../../../protocol/run.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';
import { Listeners, type Subscription } from '../../../protocol/subscription.ts';

export type RunListChange =
  /** Begin again: another server, or a new connection. */
  | { kind: 'reset' }
  | { kind: 'changed'; summary: RunSummary; before: RunSummary | null }
  | { kind: 'deleted'; run: RunId };

export class RunList {
  readonly #changes = new Listeners<RunListChange>();
  readonly #runs = new Map<RunId, RunSummary>();
  #problems: { run: string; problem: string }[] = [];
  #subscriptions: Subscription[] = [];
  #isKnown = false;

  /** False until the server has told its runs once. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  get problems(): readonly { run: string; problem: string }[] {
    return this.#problems;
  }

  all(): IterableIterator<RunSummary> {
    return this.#runs.values();
  }

  get(run: RunId): RunSummary | undefined {
    return this.#runs.get(run);
  }

  onChange(listener: (change: RunListChange) => void): Subscription {
    return this.#changes.add(listener);
  }

  /** From now on the runs of this client's server; null: of none. */
  attach(client: AgentServerClient | null): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#subscriptions = [];
    this.#clear();
    this.#changes.tell({ kind: 'reset' });
    if (client === null) return;
    this.#subscriptions = [
      client.on('run.changed', ({ summary }) => this.#put(summary)),
      client.on('run.deleted', ({ run }) => this.#remove(run)),
      client.keep(() => this.#read(client)),
    ];
  }

  /** Asks for the whole list once more. */
  async refresh(client: AgentServerClient): Promise<void> {
    await this.#read(client);
  }

  async #read(client: AgentServerClient): Promise<void> {
    // Watch first: a change between the two arrives twice rather than never.
    await client.request('runs.watch', {});
    const { runs, problems } = await client.request('runs.list', {});
    this.#clear();
    for (const summary of runs) this.#runs.set(summary.id, summary);
    this.#problems = problems;
    this.#isKnown = true;
    this.#changes.tell({ kind: 'reset' });
  }

  #clear(): void {
    this.#runs.clear();
    this.#problems = [];
    this.#isKnown = false;
  }

  #put(summary: RunSummary): void {
    const before = this.#runs.get(summary.id) ?? null;
    this.#runs.set(summary.id, summary);
    this.#changes.tell({ kind: 'changed', summary, before });
  }

  #remove(run: RunId): void {
    this.#problems = this.#problems.filter((problem) => problem.run !== run);
    if (this.#runs.delete(run)) this.#changes.tell({ kind: 'deleted', run });
  }
}
