/**
 * `npm run desktop -- [path …]`: the scenarios of test/vscode in desktop VS Code, the oldest that the extension supports and
 * the newest. Downloads both, which needs the network; on Linux without a display it wants `xvfb-run -a npm run desktop`.
 * VSCODE_BIN names a VS Code that is installed, and is used instead.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadAndUnzipVSCode, SilentReporter } from '@vscode/test-electron';
import { execa } from 'execa';
import * as z from 'zod';
import { cacheDirectory } from './setup/cache.ts';
import { projectRoot } from './setup/environment.ts';

const Manifest = z.object({ engines: z.object({ vscode: z.string() }) });

/** The oldest version that the manifest admits. */
async function oldestVersion(): Promise<string> {
  const text = await readFile(join(projectRoot, 'extension/package.json'), 'utf8');
  return Manifest.parse(JSON.parse(text)).engines.vscode.replace('^', '');
}

async function programs(): Promise<{ name: string; path: string }[]> {
  const given = process.env.VSCODE_BIN ?? '';
  if (given !== '') return [{ name: given, path: given }];
  const found: { name: string; path: string }[] = [];
  for (const version of [await oldestVersion(), 'stable']) {
    console.log(`· VS Code ${version}: looking in ${cacheDirectory()}, else downloading`);
    const options = { version, cachePath: join(cacheDirectory(), 'vscode'), reporter: new SilentReporter() };
    found.push({ name: version, path: await downloadAndUnzipVSCode(options) });
  }
  return found;
}

if (process.platform === 'linux' && (process.env.DISPLAY ?? '') === '') {
  console.error('VS Code on the desktop needs a display. Run: xvfb-run -a npm run desktop');
  process.exit(2);
}
const [first = 'test/vscode', ...more] = process.argv.slice(2);
for (const { name, path } of await programs()) {
  console.log(`\nVS Code ${name}: ${path}`);
  const { exitCode } = await execa(
    process.execPath,
    [join(projectRoot, 'scripts/test.ts'), '--only', 'integration', first, ...more],
    { stdio: 'inherit', reject: false, env: { VSCODE_BIN: path } },
  );
  if (exitCode !== 0) process.exitCode = 1;
}
