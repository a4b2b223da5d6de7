/** What scores of a prepared task mean, beside its splits: two runs compare only where both are the same. */
import { createHash } from 'node:crypto';
import type { TaskManifest } from '../../protocol/task.ts';

/**
 * sha256 over the manifest's `metric`, `prediction` and `run.cmd`, whatever the order of their keys, and over the files of a
 * metric that is a command.
 * @param grader hash of these files (grader.ts), null if there are none
 */
export function scoringHash({ metric, prediction, run }: TaskManifest, grader: string | null): string {
  return createHash('sha256')
    .update(canonicalJson({ metric, prediction, run: run.cmd, ...(grader === null ? {} : { grader }) }))
    .digest('hex');
}

/** JSON with keys in order; absent ones are left out. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
