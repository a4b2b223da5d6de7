/** `solution.py` of `python solution.py`: the first plain file that the command names. */
export function entryFile(command: readonly string[]): string | null {
  return command.slice(1).find((word) => /^[\w-]+(\.[\w-]+)+$/.test(word)) ?? null;
}
