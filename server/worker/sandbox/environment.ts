/** The environment of every sandbox: an allow-list, made from nothing of the host's own. */
import { availableParallelism } from 'node:os';
import type { SandboxOptions } from './sandbox.ts';

/** CPUs that programs may count on. */
export function cpuCount(options: Pick<SandboxOptions, 'cpuList' | 'limits'>): number {
  const listed = options.cpuList.length === 0 ? availableParallelism() : options.cpuList.length;
  return Math.max(1, Math.min(options.limits.cpus, listed));
}

/** Variables by name; those of the specification come last and win. */
export function sandboxEnvironment(options: SandboxOptions): Record<string, string> {
  const threads = String(cpuCount(options));
  return {
    PATH: '/opt/venv/bin:/usr/bin:/bin',
    HOME: '/root',
    USER: 'root',
    LOGNAME: 'root',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    TMPDIR: '/tmp',
    // No terminal, nobody to press a key.
    TERM: 'dumb',
    PAGER: 'cat',
    GIT_PAGER: 'cat',
    MPLBACKEND: 'Agg',
    VIRTUAL_ENV: '/opt/venv',
    // What a program printed before it was stopped must be seen.
    PYTHONUNBUFFERED: '1',
    OMP_NUM_THREADS: threads,
    OPENBLAS_NUM_THREADS: threads,
    MKL_NUM_THREADS: threads,
    LOKY_MAX_CPU_COUNT: threads,
    ...(options.gpuUuid === null ? { CUDA_VISIBLE_DEVICES: '' } : { CUDA_VISIBLE_DEVICES: options.gpuUuid }),
    ...options.environment,
  };
}
