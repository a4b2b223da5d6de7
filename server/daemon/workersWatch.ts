/** What every slot of every run hosted here does, for the clients that watch, at most once a second for each run. */
import type { SlotView } from '../../protocol/clientViews.ts';
import type { RunId } from '../../protocol/run.ts';
import type { ClientSession } from './clientSession.ts';
import type { Hosting } from './hosting.ts';

const tellEveryMs = 1000;
const maxUnreadBytes = 1024 * 1024;

export class WorkersWatch {
  readonly #hosting: () => Hosting;
  readonly #sessions: ReadonlySet<ClientSession>;
  readonly #changed = new Set<RunId>();
  readonly #timer: NodeJS.Timeout;

  constructor(hosting: () => Hosting, sessions: ReadonlySet<ClientSession>) {
    this.#hosting = hosting;
    this.#sessions = sessions;
    this.#timer = setInterval(() => this.#tell(), tellEveryMs);
    this.#timer.unref();
  }

  changed(run: RunId): void {
    this.#changed.add(run);
  }

  /** Tells a client that has just begun to watch. */
  begin(session: ClientSession): void {
    session.watchesWorkers = true;
    for (const run of this.#hosting().live()) this.#send([session], run);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    const sessions = [...this.#sessions].filter(({ watchesWorkers }) => watchesWorkers);
    const runs = [...this.#changed];
    this.#changed.clear();
    if (sessions.length > 0) for (const run of runs) this.#send(sessions, run);
  }

  /** A run that is not hosted any more has no slots. */
  #send(sessions: readonly ClientSession[], run: RunId): void {
    const slots = slotsOf(this.#hosting(), run);
    for (const session of sessions) session.notify('workers.changed', { run, slots }, maxUnreadBytes);
  }
}

function slotsOf(hosting: Hosting, run: RunId): SlotView[] {
  const hosted = hosting.get(run);
  const host = hosted?.running ?? null;
  if (hosted === null || host === null) return [];
  return host.slots().map(({ slot, state, pid, gpuUuid, gpus, gpuProblem }) => ({
    slot,
    state,
    detail: hosted.slotDetails.get(slot) ?? '',
    pid,
    gpuUuid,
    gpus,
    gpuProblem,
    activities: hosted.activities.list(slot).map(({ candidate, doing, since }) => ({ candidate, doing, since })),
  }));
}
