/** Which files differ between two programs. */

export interface FileChange {
  path: string;
  how: 'added' | 'removed' | 'changed';
}

export type ProgramContents = ReadonlyMap<string, Uint8Array>;

/** In the order of their paths. */
export function changedFiles(before: ProgramContents, after: ProgramContents): FileChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path): FileChange[] => {
    const left = before.get(path);
    const right = after.get(path);
    if (left === undefined) return [{ path, how: 'added' }];
    if (right === undefined) return [{ path, how: 'removed' }];
    return Buffer.compare(left, right) === 0 ? [] : [{ path, how: 'changed' }];
  });
}
