/** `--record` and `--replay`: what stands between a run's model and its provider, and what is checked at the end. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { RunConfig } from '../../protocol/run.ts';
import type { ChatModel } from '../models/chatModel.ts';
import { CassetteWriter, readCassette } from '../models/recording/cassette.ts';
import { recordingWire } from '../models/recording/recordingWire.ts';
import { replayingWire } from '../models/recording/replayingWire.ts';
import { redactor } from '../models/redaction.ts';
import { createModel } from '../models/registry.ts';
import { network, type Wire } from '../models/wire.ts';
import { compareWithRecording } from '../search/recording/comparison.ts';
import { type RecordedRun, readRecordedRun } from '../search/recording/recordedRun.ts';
import { prepareRecording, RunRecorder } from '../search/recording/runRecorder.ts';
import type { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { CliError, exitCodes } from './exitCodes.ts';
import { note } from './output.ts';

export interface TapeOptions {
  record?: string;
  replay?: string;
}

const secretNames = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;
/** Providers insist on a key; a recording does not look at it. */
const keyNames = ['GEMINI_API_KEY', 'OPENAI_API_KEY'];

export class Tape {
  /** The run to be made again, if any. */
  readonly replay: RecordedRun | null;
  readonly #wire: Wire;
  readonly #record: { folder: string; cassette: CassetteWriter } | null;
  #recorder: RunRecorder | null = null;

  private constructor(
    replay: RecordedRun | null,
    record: { folder: string; cassette: CassetteWriter } | null,
    wire: Wire,
  ) {
    this.replay = replay;
    this.#record = record;
    this.#wire = wire;
  }

  /**
   * @param home texts may name it; it must not matter
   * @param isNew a new recording wants an empty folder; a resumed run goes on with its own
   * @throws {RecordingError}
   */
  static async open({ record, replay }: TapeOptions, { home, isNew }: { home: string; isNew: boolean }): Promise<Tape> {
    const folders = [home, tmpdir()];
    if (replay !== undefined) {
      const folder = resolve(replay);
      const recorded = await readRecordedRun(folder);
      return new Tape(recorded, null, replayingWire(await readCassette(folder), { folders, folder }));
    }
    if (record === undefined) return new Tape(null, null, network);
    const folder = resolve(record);
    if (isNew) await prepareRecording(folder);
    const cassette = await CassetteWriter.open(folder);
    const secrets = Object.entries(process.env).flatMap(([name, value]) =>
      secretNames.test(name) && value !== undefined ? [value] : [],
    );
    return new Tape(
      null,
      { folder, cassette },
      recordingWire({ cassette, redact: redactor(secrets), folders, network: fetch }),
    );
  }

  /** @throws as `createModel` of the registry */
  createModel(id: string): ChatModel {
    if (this.replay === null) return createModel(id, process.env, this.#wire);
    const keys = keyNames.map((name) => [name, process.env[name] ?? 'a replay needs no key']);
    return createModel(id, { ...process.env, ...Object.fromEntries(keys) }, this.#wire);
  }

  /** From here on candidates that end are written down. */
  async begin(store: RunStore): Promise<void> {
    if (this.#record !== null) this.#recorder = await RunRecorder.open(store, this.#record.folder);
  }

  /** Everything is on disk when it resolves. */
  async close(): Promise<void> {
    await this.#recorder?.close();
    await this.#record?.cassette.close();
    if (this.#record !== null) note(`The recording is in ${this.#record.folder}`);
  }

  /** @throws {CliError} with the differences if a replay did not come to the population of its recording */
  async check(store: RunStore): Promise<void> {
    if (this.replay === null) return;
    const { recorded, same, differences } = await compareWithRecording(this.replay, store);
    const words = `${same} of ${recorded} candidates are as recorded: operator, parents, program byte for byte, search score`;
    if (differences.length > 0)
      throw new CliError(exitCodes.noResult, [`The replay differs: ${words}.`, ...differences].join('\n'));
    note(`Replay: ${words}.`);
  }
}

/**
 * Runs `work` with a tape that is closed after it, whatever happens.
 * @param replayOf of a run that is resumed: the run it replays, null if it is none
 * @throws {CliError} if a replay is resumed without its recording, or another run with one
 */
export async function usingTape(
  options: TapeOptions,
  { home, isNew, replayOf }: { home: string; isNew: boolean; replayOf: string | null },
  work: (tape: Tape) => Promise<void>,
): Promise<void> {
  const tape = await Tape.open(options, { home, isNew });
  try {
    const given = tape.replay?.head.run ?? null;
    if (!isNew && given !== replayOf)
      throw new CliError(
        exitCodes.badInput,
        replayOf === null
          ? 'This run was not started with --replay: resume it without.'
          : `This run replays a recording of run ${replayOf}: resume it with --replay <folder>.`,
      );
    await work(tape);
  } finally {
    await tape.close();
  }
}

/**
 * The recorded run's own settings, on this machine's workers, without its bounds and rates: what asks nobody costs nothing, and
 * where they came to bear is in the recording.
 * @throws {CliError} if the task is another one, or is split or scored in another way
 */
export function replayConfig(
  { head, candidates, folder }: RecordedRun,
  task: PreparedTask,
  options: { workers?: number; agentsPerSlot: number; sandbox: RunConfig['sandbox'] },
): RunConfig {
  const { budget: _, rates: __, ...config } = head.config;
  const { id, version } = task.manifest;
  if (id !== config.task || version !== config.taskVersion || task.splitHash !== head.splitHash)
    throw new CliError(
      exitCodes.badInput,
      `${folder} was recorded on ${config.task}@${config.taskVersion} with other splits than ${id}@${version} has here: its scores could not be compared.`,
    );
  if (head.scoringHash !== undefined && head.scoringHash !== task.scoringHash)
    throw new CliError(
      exitCodes.badInput,
      `${folder} was recorded when ${config.task}@${config.taskVersion} was scored by other rules (metric, prediction or run.cmd of its manifest, or its grader): its scores could not be compared. Undo the change and prepare the task again.`,
    );
  return {
    ...config,
    workers: options.workers ?? config.workers,
    agentsPerSlot: options.agentsPerSlot,
    sandbox: options.sandbox,
    candidates: Math.max(1, [...candidates.values()].filter(({ outcome }) => outcome !== 'abandoned').length),
    hours: null,
    replayOf: head.run,
  };
}
