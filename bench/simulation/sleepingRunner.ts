/** Carries out what a worker is asked by sleeping: an export is instant, an evaluation takes its time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionRequest, ExecutionResult, SandboxSpec } from '../../protocol/worker.ts';
import type { RunContext, Runner } from '../../server/worker/runner.ts';
import { simulatedProgram } from './program.ts';

export interface Moment {
  slot: number;
  /** `opened`: the next assignment has arrived. `evaluated`: the slot has nothing to do any more. */
  what: 'opened' | 'evaluated';
  at: number;
}

export class SleepingRunner implements Runner {
  readonly #sessions = new Set<string>();
  readonly #evaluationMs: number;
  readonly #predictions: readonly string[];
  readonly #note: (what: Moment['what']) => void;
  #evaluations = 0;

  /** @param predictions gzipped files in base64, handed out in turn */
  constructor(evaluationMs: number, predictions: readonly string[], note: (what: Moment['what']) => void) {
    this.#evaluationMs = evaluationMs;
    this.#predictions = predictions;
    this.#note = note;
  }

  sessions(): string[] {
    return [...this.#sessions];
  }

  open(session: string, _spec: SandboxSpec): boolean {
    this.#note('opened');
    const wasOpen = this.#sessions.has(session);
    this.#sessions.add(session);
    return wasOpen;
  }

  async close(session: string): Promise<void> {
    this.#sessions.delete(session);
  }

  async killAll(): Promise<void> {
    this.#sessions.clear();
  }

  async run(request: ExecutionRequest, { signal }: RunContext): Promise<ExecutionResult> {
    if (request.kind === 'export')
      return { kind: 'exported', files: [{ path: 'solution.py', contentBase64: simulatedProgram(request.session) }] };
    if (request.kind !== 'evaluate') throw new Error(`a simulated worker is asked for ${request.kind}`);
    if (this.#evaluationMs > 0) await sleep(this.#evaluationMs, undefined, { signal });
    const predictions = this.#predictions[this.#evaluations % this.#predictions.length] ?? '';
    this.#evaluations += 1;
    this.#note('evaluated');
    return {
      kind: 'evaluated',
      exitCode: 0,
      timedOut: false,
      outOfMemory: false,
      durationMs: this.#evaluationMs,
      peakMemoryMb: 100,
      log: 'trained\npredicted\n',
      outputGzipBase64: predictions,
      outputProblem: null,
    };
  }
}
