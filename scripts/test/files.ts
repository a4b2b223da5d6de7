/** Which files hold tests: units stand beside what they test, test/ holds what crosses processes. */
import { glob } from 'node:fs/promises';
import { projectRoot } from '../setup/environment.ts';

const patterns = {
  unit: '{protocol,server,scripts,bench,extension,webview}/**/*.test.ts',
  integration: 'test/**/*.test.ts',
};

/**
 * @param paths keep only files whose path contains one of these; empty keeps all
 * @returns paths within the project, sorted
 */
export async function testFiles(group: keyof typeof patterns, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob(patterns[group], { cwd: projectRoot })) found.push(file);
  return found.filter((file) => paths.length === 0 || paths.some((path) => file.includes(path))).sort();
}
