/** What a task is called, and the lines that charts are read against. Asked once for each task. */
import type { TaskDetails } from '../../../protocol/clientViews.ts';
import type { ReferenceLine } from '../../../protocol/panels.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';

export class References {
  readonly #client: () => AgentServerClient | null;
  readonly #details = new Map<string, Promise<TaskDetails | null>>();

  constructor(client: () => AgentServerClient | null) {
    this.#client = client;
  }

  forget(): void {
    this.#details.clear();
  }

  /** Its id, where no more is known. */
  async title(task: string, version: number): Promise<string> {
    return (await this.#of(task, version))?.listing.title ?? task;
  }

  async lines(task: string, version: number): Promise<ReferenceLine[]> {
    const details = await this.#of(task, version);
    if (details === null) return [];
    const { baselines, medals } = details;
    return [
      ...medals.map(({ name, score }) => ({ kind: 'medal' as const, name, score })),
      ...baselines.map(({ name, score }) => ({ kind: 'baseline' as const, name, score })),
    ];
  }

  /** null where the server knows the task no more: a run outlives its task. */
  #of(task: string, version: number): Promise<TaskDetails | null> {
    const key = `${task}@${version}`;
    const known = this.#details.get(key);
    if (known !== undefined) return known;
    const asked = this.#client()?.request('task.get', { task: key }) ?? Promise.resolve(null);
    const details = asked.catch(() => {
      this.#details.delete(key);
      return null;
    });
    this.#details.set(key, details);
    return details;
  }
}
