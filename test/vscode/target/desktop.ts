/** VS Code on the desktop, driven through Electron. Needs a display (or xvfb-run) and a VS Code: its own program file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
import { BoundedText } from './boundedText.ts';
import { type Instance, type LaunchOptions, type Target, viewport } from './target.ts';

const startDeadlineMs = 90_000;
const logLimit = 40_000;

/** The command line of the same installation: `bin/code` beside the program, or in its resources on macOS. */
function commandLine(binary: string): string {
  return process.platform === 'darwin'
    ? join(dirname(binary), '..', 'Resources', 'app', 'bin', 'code')
    : join(dirname(binary), 'bin', process.platform === 'win32' ? 'code.cmd' : 'code');
}

export class DesktopTarget implements Target {
  readonly name = 'desktop';
  readonly #binary: string;

  /** @param binary VS Code's program, not its `bin/code` */
  constructor(binary: string) {
    this.#binary = binary;
  }

  async launch(options: LaunchOptions): Promise<Instance> {
    const log = new BoundedText(logLimit);
    const { root, settings, workspace, asksForTrust } = options;
    await mkdir(join(root, 'user', 'User'), { recursive: true });
    await writeFile(join(root, 'user', 'User', 'settings.json'), JSON.stringify(settings, null, 2));
    await this.#install(options, options.vsix);
    const args = [
      ...folders(root),
      ...['--skip-welcome', '--skip-release-notes', '--disable-updates', '--disable-telemetry', '--no-cached-data'],
      ...(asksForTrust ? [] : ['--disable-workspace-trust']),
      ...(process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...['--password-store=basic', '--use-inmemory-secretstorage', '--new-window'],
      ...(workspace === null ? [] : [workspace]),
    ];
    const start = async () => {
      const application = await _electron.launch({
        executablePath: this.#binary,
        args,
        env: options.environment,
        timeout: startDeadlineMs,
      });
      application.process().stderr?.on('data', (chunk: Buffer) => log.append(chunk.toString()));
      return { application, page: await firstWindow(application) };
    };
    let running = await start();
    const instance: Instance = {
      page: running.page,
      reopen: async () => {
        await running.application.close();
        running = await start();
        instance.page = running.page;
        return running.page;
      },
      install: (vsix) => this.#install(options, vsix),
      log: () => log.toString(),
      dispose: () => running.application.close(),
    };
    return instance;
  }

  async #install({ root, environment }: LaunchOptions, vsix: string): Promise<void> {
    const child = spawn(commandLine(this.#binary), [...folders(root), '--install-extension', vsix, '--force'], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
      timeout: startDeadlineMs,
    });
    const said = new BoundedText(4_000);
    child.stderr.on('data', (chunk: Buffer) => said.append(chunk.toString()));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${vsix} could not be installed (${code}):\n${said}`);
  }
}

function folders(root: string): string[] {
  return ['--user-data-dir', join(root, 'user'), '--extensions-dir', join(root, 'extensions')];
}

async function firstWindow(application: ElectronApplication) {
  const page = await application.firstWindow({ timeout: startDeadlineMs });
  await page.setViewportSize(viewport);
  return page;
}
