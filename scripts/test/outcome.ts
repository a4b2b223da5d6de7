/** What one test, or one check that counts as a test, came to. */
export interface Outcome {
  name: string;
  /** Names of the suites and tests it stands in, outermost first. */
  within: readonly string[];
  state: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or the whole of what went wrong. */
  detail: string;
  durationMs: number;
}

export interface FileOutcome {
  /** Path within the project, or the name of a check. */
  file: string;
  outcomes: readonly Outcome[];
  durationMs: number;
  /** What its process wrote to standard output and error, bounded. */
  output: string;
}

export function count(files: readonly FileOutcome[], state: Outcome['state']): number {
  return files.reduce((sum, { outcomes }) => sum + outcomes.filter((outcome) => outcome.state === state).length, 0);
}
