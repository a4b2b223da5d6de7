/** What a program meets when it is evaluated: folders, environment, limits. The run contract of `aira.task/1`. */
import path from 'node:path';
import type { ExecutionRequest, Limits, Mount, ProgramFile } from '../../protocol/worker.ts';
import type { PreparedTask, TaskView } from '../tasks/preparedTask.ts';

const threadVariables = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMEXPR_NUM_THREADS'];

export interface EvaluatedProgram {
  program: ProgramFile[];
  /** `AIRA_SEED`, and the seed of Python's hashes. */
  seed: number;
  /** CPUs of the slot; the manifest's limit where it is lower. */
  cpus: number;
  /** Of the sandbox; absent: the host's own userland. */
  image?: string | undefined;
}

/** The request to run a program once, from a clean slate, on one view of the task. */
export function evaluationRequest(
  task: PreparedTask,
  view: TaskView,
  { program, seed, cpus, image }: EvaluatedProgram,
): Extract<ExecutionRequest, { kind: 'evaluate' }> {
  const { limits, prediction, run } = task.manifest;
  const usable = Math.min(cpus, limits.cpus);
  return {
    kind: 'evaluate',
    spec: {
      mounts: mounts(task, view),
      environment: runEnvironment(task, { seed, cpus: usable, outDirectory: '/out' }),
      limits: sandboxLimits(task, usable),
      files: program,
      ...(image === undefined ? {} : { image }),
    },
    command: run.cmd,
    timeoutMs: limits.eval_exec_s * 1000,
    output: prediction.file,
    maxOutputBytes: prediction.max_bytes,
  };
}

/** What a program finds in its environment, where it is developed as where it is evaluated. */
export function runEnvironment(
  task: PreparedTask,
  { seed, cpus, outDirectory }: { seed: number; cpus: number; outDirectory: string },
): Record<string, string> {
  return {
    AIRA_TRAIN_DIR: '/data/train',
    AIRA_EVAL_DIR: '/data/eval',
    AIRA_OUT_DIR: outDirectory,
    AIRA_SEED: String(seed),
    AIRA_TIME_LIMIT_S: String(task.manifest.limits.eval_exec_s),
    AIRA_CPUS: String(cpus),
    PYTHONHASHSEED: String(seed % 2 ** 32),
    PYTHONUNBUFFERED: '1',
    // Numeric libraries otherwise start a thread for every CPU of the machine, and slots get in each other's way.
    ...Object.fromEntries(threadVariables.map((name) => [name, String(cpus)])),
  };
}

/**
 * A pooled run sees what agents saw, description and sample submission included. With a run for each split only the two
 * data folders are alike in all runs, so that nothing else is shown.
 */
function mounts(task: PreparedTask, view: TaskView): Mount[] {
  const inPublic =
    view.trainDirectory === path.join(task.publicDirectory, 'train') &&
    view.evalDirectory === path.join(task.publicDirectory, 'eval');
  if (view.split === 'pooled' && inPublic) return [{ source: task.publicDirectory, target: '/data' }];
  return [
    { source: view.trainDirectory, target: '/data/train' },
    { source: view.evalDirectory, target: '/data/eval' },
  ];
}

function sandboxLimits(task: PreparedTask, cpus: number): Limits {
  const { limits } = task.manifest;
  return { cpus, memoryMb: limits.mem_mb, diskMb: limits.disk_mb, pids: limits.pids };
}
