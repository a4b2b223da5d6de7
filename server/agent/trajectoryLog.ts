/** A trajectory on disk: append-only, read back whole when an agent resumes. */
import { TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { TrajectoryLog } from '../models/budget/trajectoryAccount.ts';
import { JsonlLog } from '../store/jsonlLog.ts';

export class StoredTrajectory implements TrajectoryLog {
  readonly events: TrajectoryEvent[];
  readonly #log: JsonlLog<TrajectoryEvent>;

  private constructor(log: JsonlLog<TrajectoryEvent>, events: TrajectoryEvent[]) {
    this.#log = log;
    this.events = events;
  }

  static async open(path: string): Promise<StoredTrajectory> {
    const { log, entries } = await JsonlLog.open(path, TrajectoryEvent);
    return new StoredTrajectory(log, entries);
  }

  static read(path: string): Promise<TrajectoryEvent[]> {
    return JsonlLog.read(path, TrajectoryEvent);
  }

  /** The event is among `events` at once, and on disk when this resolves, with all that were before it. */
  append(event: TrajectoryEvent): Promise<void> {
    const written = this.#log.append(event);
    this.events.push(event);
    return written;
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
