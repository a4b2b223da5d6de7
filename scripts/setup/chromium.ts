/** The browser that stands before the code-server of the tests, and that panels are tested in. */
import { which } from '../../server/setup/executables.ts';
import { runQuietly, type Say, SetupError } from '../../server/setup/step.ts';
import { installCommand, installSystemPackages, mayInstall } from '../../server/setup/systemPackages.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/**
 * `AIRA2_CHROMIUM`, else a Chromium on PATH, else the system's package where that can be installed.
 * @returns its path
 * @throws {SetupError} if there is none, or it does not start
 */
export async function ensureChromium(say: Say): Promise<string> {
  const find = () => process.env.AIRA2_CHROMIUM ?? names.map((name) => which(name)).find((path) => path !== null);
  let path = find();
  if (path === undefined && mayInstall()) {
    await installSystemPackages(['chromium', 'fonts-dejavu-core'], say);
    path = find();
  }
  if (path === undefined)
    throw new SetupError('chromium', `no Chromium is installed. Run: ${installCommand('chromium')}`);
  const { ok, output } = await runQuietly(path, ['--version'], 60);
  if (!ok) throw new SetupError('chromium', `${path} does not start:\n${output}`);
  say(`chromium: ${output.split('\n').at(-1)} (${path})`);
  return path;
}
