/** How a task that was listed is asked for. */
import type { TaskListing } from './clientViews.ts';

/**
 * Built-in tasks, and those of which only the prepared data is left, by name and version; a person's own by the path of its manifest.
 * @example taskReference(listing) // 'diamonds@1', '/home/me/churn/task.yaml'
 */
export function taskReference({
  id,
  version,
  builtin,
  manifest,
}: Pick<TaskListing, 'id' | 'version' | 'builtin' | 'manifest'>): string {
  return builtin || manifest === null ? `${id}@${version}` : manifest;
}
