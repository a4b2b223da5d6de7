/** Whether a disk that takes nothing any more is at the bottom of an error. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1)
    if (['ENOSPC', 'EDQUOT'].includes(String(Reflect.get(at, 'code')))) return true;
  return false;
}
