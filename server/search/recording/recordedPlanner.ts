/**
 * Makes the candidates of a recording again, in the order of their numbers: the same operator, parents and seed. In a live
 * search it is the moments at which work ends that decide who may become a parent; here each start waits for its own parents
 * instead, so that any number of workers, of any speed, comes to the same population. No start can wait for ever: parents have
 * smaller numbers, and those have started before.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Candidate, CandidateId, PersonRequest } from '../../../protocol/run.ts';
import type { PlannedCandidate, Planner } from '../planner.ts';
import type { RecordedCandidate, RecordedRun } from './recordedRun.ts';

export class RecordedPlanner implements Planner {
  readonly #recorded: RecordedRun;
  readonly #directory: string;
  readonly #last: CandidateId;

  /** @param directory of the run that replays: programs that a person had handed in are laid there */
  constructor(recorded: RecordedRun, directory: string) {
    this.#recorded = recorded;
    this.#directory = directory;
    this.#last = Math.max(...recorded.candidates.keys());
  }

  async next(candidates: ReadonlyMap<CandidateId, Candidate>): Promise<PlannedCandidate | 'wait' | null> {
    const id = candidates.size + 1;
    if (id > this.#last) return null;
    const recorded = this.#recorded.candidates.get(id);
    if (recorded === undefined) return unfinished(id);
    if (recorded.parents.some((parent) => isAtWork(candidates.get(parent)))) return 'wait';
    const { operator, parents, origin, guidance = null, seed, outcome } = recorded;
    return {
      plan: { operator, parents, origin, request: null, guidance },
      seed,
      body: operator === 'human' ? await this.#handIn(recorded) : null,
      abandoned: outcome === 'abandoned' ? 'given up in the recorded run' : null,
    };
  }

  async #handIn({ id, program, parents, summary }: RecordedCandidate): Promise<PersonRequest> {
    const folder = join('requests', `recorded-${id}`);
    for (const file of program ?? []) {
      const path = join(this.#directory, folder, file.path);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, Buffer.from(file.contentBase64, 'base64'), { mode: 0o600 });
    }
    const [parent] = parents;
    return { kind: 'submit', program: folder, summary, ...(parent === undefined ? {} : { parent }) };
  }
}

function isAtWork(candidate: Candidate | undefined): boolean {
  return candidate?.state === 'running' || candidate?.state === 'evaluating';
}

/** Its number is taken, so that those after it keep theirs. */
function unfinished(id: CandidateId): PlannedCandidate {
  return {
    plan: { operator: 'draft', parents: [], origin: 'sampled', request: null, guidance: null },
    seed: id,
    body: null,
    abandoned: 'not finished when the recording stopped',
  };
}
