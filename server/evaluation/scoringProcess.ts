/**
 * One Python process that holds a task's answers and scores predictions files (python/score.py). This module speaks its
 * protocol; what a lost process means for a candidate is decided by `Scorer`.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';
import { Score } from '../../protocol/run.ts';
import type { TaskManifest } from '../../protocol/task.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { programFile } from '../programFiles.ts';
import { graderCommand, graderDirectory } from '../tasks/grader.ts';

const script = programFile('server/evaluation/python/score.py');
/** Imports of scientific Python from a cold disk on a loaded machine take their time. */
const startDeadlineMs = 180_000;
const closeDeadlineMs = 3_000;
const maxReplyBytes = 8 * 1024 * 1024;
const maxDiagnosticsCharacters = 16 * 1024;

/** What the scorer needs of a prepared task. */
export interface ScorableTask {
  manifest: TaskManifest;
  /** The prepared task's folder; a metric that is a command and has no files of its own runs in it. */
  directory: string;
  /** Holds answers.csv, and in `grader` the files of a metric that is a command, which runs there; mode 0700. */
  privateDirectory: string;
}

const VariantScore = z.object({
  score: z.number().nullable(),
  standardError: z.number().nullable(),
  problem: z.string().nullable(),
});
export type VariantScore = z.infer<typeof VariantScore>;
const bySplit = z.record(z.string(), VariantScore);

/** What known files score, by split. `problem` is set where a file was refused. */
export const SelfTestReport = z.object({
  optimum: z.number().nullable(),
  rows: z.record(z.string(), z.int()),
  /** Mean and standard deviation of a numeric target, or the share of each class. */
  targets: z.record(z.string(), z.record(z.string(), z.number())),
  gold: bySplit,
  permuted: bySplit,
  /** Gold with its rows in another order. */
  shuffled: bySplit,
  /** The best constant; null for a metric that is a command. */
  constant: bySplit.nullable(),
  nanRefused: z.boolean(),
  infinityRefused: z.boolean(),
  overflowRefused: z.boolean(),
  /** The task's own sample submission on the search split; null if none was given. */
  sample: VariantScore.nullable(),
});
export type SelfTestReport = z.infer<typeof SelfTestReport>;

const Reply = z.discriminatedUnion('kind', [
  z.object({ id: z.int(), kind: z.literal('scored'), score: Score, suspiciouslyPerfect: z.boolean() }),
  z.object({ id: z.int(), kind: z.literal('invalid'), message: z.string() }),
  z.object({ id: z.int(), kind: z.literal('report'), report: SelfTestReport }),
  z.object({ id: z.int(), kind: z.literal('ok') }),
  z.object({
    id: z.int(),
    kind: z.literal('compared'),
    difference: z.number(),
    standardError: z.number().nonnegative(),
  }),
  z.object({ id: z.int(), kind: z.literal('incomparable') }),
  z.object({ id: z.int(), kind: z.literal('fault'), message: z.string() }),
]);
export type Reply = z.infer<typeof Reply>;

const Greeting = z.union([
  z.object({ ready: z.literal(true), user: z.int().nullable(), rows: z.record(z.string(), z.int()) }),
  z.object({ fault: z.string() }),
]);

/** The process ended, hung or talked nonsense. Says nothing yet of whose fault that is. */
export class ScoringProcessLost extends Error {
  override readonly name = 'ScoringProcessLost';
  /** The end of the process's standard error. May quote labels. */
  readonly diagnostics: string;

  constructor(message: string, diagnostics: string) {
    super(message);
    this.diagnostics = diagnostics;
  }
}

/** The process refused to serve: the prepared task or its manifest is wrong. */
export class TaskFault extends Error {
  override readonly name = 'TaskFault';
  readonly diagnostics = '';
}

type Line = { text: string } | { lost: ScoringProcessLost };

export class ScoringProcess {
  /** The user it has become, null where it was not root. */
  user: number | null = null;
  #child: ReturnType<typeof launch>;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #waiting: ((line: Line) => void) | null = null;
  #lost: ScoringProcessLost | null = null;
  #diagnostics = '';
  #nextId = 1;

  private constructor(python: string) {
    this.#child = launch(python);
    this.#child.stdin.on('error', (error) => this.#lose(`its input broke: ${error.message}`));
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#diagnostics = (this.#diagnostics + chunk.toString('utf8')).slice(-maxDiagnosticsCharacters);
    });
    void this.#child.then((result) =>
      this.#lose(
        result.code === 'ENOENT'
          ? `${python} cannot be started: run set-up again`
          : `it ended (${result.signal ?? `code ${result.exitCode ?? 'unknown'}`})`,
      ),
    );
  }

  /**
   * Starts the process, lets it read the answers and give up its rights.
   * Throws ScoringProcessLost or TaskFault; nothing is left running then.
   */
  static async start(task: ScorableTask, python: string): Promise<ScoringProcess> {
    const started = new ScoringProcess(python);
    try {
      started.#child.stdin.write(`${JSON.stringify(configuration(task))}\n`);
      const greeting = started.#parse(Greeting, await started.#line(startDeadlineMs));
      if ('fault' in greeting) throw new TaskFault(greeting.fault);
      started.user = greeting.user;
      return started;
    } catch (error) {
      started.kill();
      throw error;
    }
  }

  get alive(): boolean {
    return this.#lost === null;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The end of its standard error. May quote labels. */
  get diagnostics(): string {
    return this.#diagnostics;
  }

  /** One request at a time. Throws ScoringProcessLost when it ends, or is silent for `deadlineMs`. */
  async request(
    operation:
      | { op: 'score' | 'check' | 'control'; split: string }
      | { op: 'compare'; split: string; first: number }
      | { op: 'selftest' },
    content: Buffer,
    deadlineMs: number,
  ): Promise<Reply> {
    if (this.#lost) throw this.#lost;
    const id = this.#nextId++;
    this.#child.stdin.write(`${JSON.stringify({ ...operation, id, bytes: content.length })}\n`);
    this.#child.stdin.write(content);
    const reply = this.#parse(Reply, await this.#line(deadlineMs));
    if (reply.id !== id) throw this.#lose(`it answered request ${reply.id} where ${id} was asked`);
    return reply;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends it gently, or else by force. Idempotent. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    const force = setTimeout(() => this.kill(), closeDeadlineMs);
    await this.#child;
    clearTimeout(force);
  }

  #line(deadlineMs: number): Promise<string> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => this.#lose(`it was silent for ${deadlineMs / 1000} s`), deadlineMs);
      this.#waiting = (line) => {
        clearTimeout(deadline);
        this.#waiting = null;
        if ('lost' in line) reject(line.lost);
        else resolve(line.text);
      };
    });
  }

  #take(chunk: Buffer): void {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (chunk.includes(0x0a)) {
      const text = Buffer.concat(this.#pending).toString('utf8').trimEnd();
      this.#pending = [];
      this.#pendingBytes = 0;
      if (this.#waiting) this.#waiting({ text });
      else this.#lose('it spoke without being asked');
    } else if (this.#pendingBytes > maxReplyBytes) this.#lose('it answered with more than 8 MiB');
  }

  #parse<T>(schema: z.ZodType<T>, line: string): T {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw this.#lose(`its answer is no JSON: ${messageOf(error)}`);
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success)
      throw this.#lose(`its answer has another form than expected: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  }

  /** Gives the process up: kills it and tells whoever waits. The first reason stays. */
  #lose(reason: string): ScoringProcessLost {
    this.#lost ??= new ScoringProcessLost(`the scoring process was lost: ${reason}`, this.#diagnostics);
    this.kill();
    this.#waiting?.({ lost: this.#lost });
    return this.#lost;
  }
}

/** Isolated from its surroundings: nothing of the environment, the working folder or the user's site packages gets in. */
function launch(python: string) {
  return execa(python, ['-I', '-B', '-X', 'utf8', script], {
    cwd: '/',
    env: {},
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
  });
}

function configuration(task: ScorableTask): unknown {
  const { manifest } = task;
  // The process runs in `/`.
  const privateDirectory = path.resolve(task.privateDirectory);
  const grader = graderDirectory(privateDirectory);
  const commandDirectory = existsSync(grader) ? grader : path.resolve(task.directory);
  const { impl } = manifest.metric;
  return {
    task: `${manifest.id}@${manifest.version}`,
    privateDirectory,
    commandDirectory,
    targets: manifest.data.target,
    pooled: manifest.view.mode === 'pooled',
    prediction: manifest.prediction,
    metric: {
      ...manifest.metric,
      impl: 'cmd' in impl ? { cmd: graderCommand(impl.cmd, commandDirectory) } : impl,
      gradeSeconds: manifest.limits.grade_s,
    },
  };
}
