/**
 * What scenarios need of the machine. `npm test` installs and packs it beforehand and hands it over in variables; a file that
 * is run by hand does it itself.
 */
import { join } from 'node:path';
import { packageExtension } from '../../scripts/build/package.ts';
import { ensureChromium } from '../../scripts/setup/chromium.ts';
import { ensureCodeServer } from '../../scripts/setup/codeServer.ts';
import { projectRoot } from '../../scripts/setup/environment.ts';
import { CodeServerTarget } from './target/codeServer.ts';
import { DesktopTarget } from './target/desktop.ts';
import type { Target } from './target/target.ts';

const quiet = () => undefined;

let target: Promise<Target> | undefined;
let vsix: Promise<string> | undefined;

/** VSCODE_BIN (a desktop VS Code) or code-server. @throws {SetupError} if there is none, and none can be installed */
export function vscodeTarget(): Promise<Target> {
  target ??= findTarget();
  return target;
}

async function findTarget(): Promise<Target> {
  const desktop = process.env.VSCODE_BIN;
  if (desktop !== undefined && desktop !== '') return new DesktopTarget(desktop);
  return new CodeServerTarget(await ensureCodeServer(quiet), await ensureChromium(quiet));
}

/** The extension, packed: AIRA2_VSIX, else it is built now. */
export function extensionPackage(): Promise<string> {
  vsix ??= process.env.AIRA2_VSIX === undefined ? pack() : Promise.resolve(process.env.AIRA2_VSIX);
  return vsix;
}

async function pack(): Promise<string> {
  const { path } = await packageExtension(join(projectRoot, 'build', 'for-tests'));
  return path;
}
