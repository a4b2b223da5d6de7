/**
 * What the tests need that drive a browser: Chromium for panels, and a VS Code with the packaged extension for scenarios.
 * Where a machine cannot have these, they are skipped and say why; on CI that is a failure.
 */
import { join } from 'node:path';
import { type Say, SetupError } from '../../server/setup/step.ts';
import { packageExtension } from '../build/package.ts';
import { ensureChromium } from '../setup/chromium.ts';
import { ensureCodeServer } from '../setup/codeServer.ts';
import { projectRoot } from '../setup/environment.ts';
import type { FileOutcome } from './outcome.ts';

/** True of a file that drives a whole VS Code. */
export const isScenario = (file: string) => file.startsWith('test/vscode/');
const isOfPanels = (file: string) => file.startsWith('test/webview/');

export interface BrowserTests {
  /** Files that can be run. */
  files: readonly string[];
  /** What has to be said of the others. */
  outcomes: readonly FileOutcome[];
}

/** True where nothing may be left out: on CI, by the variable that CI systems set. */
export function nothingMayBeSkipped(environment: NodeJS.ProcessEnv = process.env): boolean {
  return ![undefined, '', '0', 'false'].includes(environment.CI);
}

/**
 * Installs and packs what is needed for those of `files` that drive a browser; leaves the others alone.
 * Sets AIRA2_VSIX, which scenarios read.
 */
export async function prepareBrowserTests(files: readonly string[], say: Say): Promise<BrowserTests> {
  const withBrowser = files.filter((file) => isScenario(file) || isOfPanels(file));
  if (withBrowser.length === 0) return { files, outcomes: [] };
  const noBrowser = await reasonNotTo(() => ensureChromium(say));
  if (noBrowser !== null) return without(files, withBrowser, noBrowser);
  const inVsCode = files.filter(isScenario);
  if (inVsCode.length === 0) return { files, outcomes: [] };
  const isDesktop = (process.env.VSCODE_BIN ?? '') !== '';
  const noVsCode = isDesktop ? null : await reasonNotTo(() => ensureCodeServer(say));
  if (noVsCode !== null) return without(files, inVsCode, noVsCode);
  try {
    const { path } = await packageExtension(join(projectRoot, 'build', 'for-tests'));
    process.env.AIRA2_VSIX = path;
    return { files, outcomes: [] };
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const outcome = fileOutcome('set-up', 'the extension can be packed', 'failed', reason);
    return { files: files.filter((file) => !isScenario(file)), outcomes: [outcome] };
  }
}

async function reasonNotTo(step: () => Promise<unknown>): Promise<string | null> {
  try {
    await step();
    return null;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return error.message;
  }
}

function without(files: readonly string[], left: readonly string[], reason: string): BrowserTests {
  const state = nothingMayBeSkipped() ? 'failed' : 'skipped';
  const [first = ''] = reason.split('\n');
  return {
    files: files.filter((file) => !left.includes(file)),
    outcomes: left.map((file) =>
      fileOutcome(file, 'the file can be run here', state, state === 'failed' ? reason : first),
    ),
  };
}

function fileOutcome(file: string, name: string, state: 'failed' | 'skipped', detail: string): FileOutcome {
  return { file, outcomes: [{ name, within: [], state, detail, durationMs: 0 }], durationMs: 0, output: '' };
}
