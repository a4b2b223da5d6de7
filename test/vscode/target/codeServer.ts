/** VS Code as code-server serves it, in Chromium: the real workbench, the real extension host, no display needed. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { CodeServer } from '../../../scripts/setup/codeServer.ts';
import { BoundedText } from './boundedText.ts';
import { type Instance, type LaunchOptions, type Target, viewport } from './target.ts';

const startDeadlineMs = 120_000;
const installDeadlineMs = 120_000;
const logLimit = 40_000;
const startAttempts = 3;

/** A code-server that listens. */
interface Server {
  url: string;
  stop: () => Promise<void>;
}

/** Arguments of every Chromium of the tests: root may not use its sandbox, containers have little shared memory. */
export const chromiumArguments = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-dev-shm-usage',
  '--font-render-hinting=none',
];

export class CodeServerTarget implements Target {
  readonly name = 'code-server';
  readonly #codeServer: CodeServer;
  readonly #chromium: string;

  constructor(codeServer: CodeServer, chromiumPath: string) {
    this.#codeServer = codeServer;
    this.#chromium = chromiumPath;
  }

  async launch(options: LaunchOptions): Promise<Instance> {
    const log = new BoundedText(logLimit);
    await this.#writeSettings(options);
    const starting = chromium.launch({ executablePath: this.#chromium, args: chromiumArguments });
    const [installed, started] = await Promise.allSettled([this.#install(options, options.vsix), starting]);
    if (started.status === 'rejected') throw started.reason;
    const browser = started.value;
    try {
      if (installed.status === 'rejected') throw installed.reason;
      const server = await this.#started(options, log);
      try {
        return await this.#openWindow(options, server, browser, log);
      } catch (error) {
        await server.stop();
        throw error;
      }
    } catch (error) {
      await browser.close();
      throw new Error(`code-server could not be brought up. It wrote:\n${log}`, { cause: error });
    }
  }

  async #writeSettings({ root, settings }: LaunchOptions): Promise<void> {
    await mkdir(join(root, 'user', 'User'), { recursive: true });
    await writeFile(join(root, 'user', 'User', 'settings.json'), JSON.stringify(settings, null, 2));
    await writeFile(join(root, 'config.yaml'), 'auth: none\n');
  }

  #arguments({ root }: LaunchOptions): string[] {
    return [
      ...[this.#codeServer.entry, '--config', join(root, 'config.yaml')],
      ...['--user-data-dir', join(root, 'user'), '--extensions-dir', join(root, 'extensions')],
    ];
  }

  async #install(options: LaunchOptions, vsix: string): Promise<void> {
    await execa(this.#codeServer.node, [...this.#arguments(options), '--install-extension', vsix, '--force'], {
      cwd: options.root,
      env: options.environment,
      extendEnv: false,
      stdin: 'ignore',
      timeout: installDeadlineMs,
    });
  }

  /** code-server gives itself ten seconds to find its own child process: on a machine that is busy it may need another go. */
  async #started(options: LaunchOptions, log: BoundedText): Promise<Server> {
    for (let attempt = 1; ; attempt++) {
      const server = this.#start(options, log);
      try {
        return { url: await server.url, stop: server.stop };
      } catch (error) {
        await server.stop();
        if (attempt === startAttempts) throw error;
      }
    }
  }

  #start(options: LaunchOptions, log: BoundedText): { url: Promise<string>; stop: () => Promise<void> } {
    const process = execa(
      this.#codeServer.node,
      [
        ...this.#arguments(options),
        ...['--bind-addr', '127.0.0.1:0', '--auth', 'none', '--disable-telemetry', '--disable-update-check'],
        ...(options.asksForTrust ? [] : ['--disable-workspace-trust']),
      ],
      {
        cwd: options.root,
        env: options.environment,
        extendEnv: false,
        stdin: 'ignore',
        all: true,
        buffer: false,
        reject: false,
        forceKillAfterDelay: 5_000,
      },
    );
    const url = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no address after ${startDeadlineMs / 1000} s`)),
        startDeadlineMs,
      );
      let said = '';
      process.all.on('data', (chunk: Buffer) => {
        log.append(chunk.toString());
        if (said.length < logLimit) said += chunk.toString();
        const address = /HTTP server listening on (\S+)/.exec(said)?.[1];
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(address);
      });
      const ended = (why: string) => {
        clearTimeout(timer);
        reject(new Error(why));
      };
      process.then(
        ({ exitCode }) => ended(`it ended with ${exitCode}`),
        (error: Error) => ended(error.message),
      );
    });
    const stop = async () => {
      process.kill('SIGTERM');
      await process;
    };
    return { url, stop };
  }

  async #openWindow(
    options: LaunchOptions,
    { url, stop }: Server,
    browser: Browser,
    log: BoundedText,
  ): Promise<Instance> {
    const context = await browser.newContext({ viewport, colorScheme: 'dark', reducedMotion: 'reduce' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(url).origin });
    const address = new URL(url);
    if (options.workspace === null) address.searchParams.set('ew', 'true');
    else address.searchParams.set('folder', options.workspace);
    const open = () => openPage(context, address.href, log);
    const instance = {
      page: await open(),
      reopen: async () => {
        await instance.page.close();
        instance.page = await open();
        return instance.page;
      },
      install: (vsix: string) => this.#install(options, vsix),
      log: () => log.toString(),
      dispose: async () => {
        await browser.close();
        await stop();
      },
    };
    return instance;
  }
}

async function openPage(context: BrowserContext, url: string, log: BoundedText): Promise<Page> {
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') log.append(`[page] ${message.text()}\n`);
  });
  page.on('pageerror', (error) => log.append(`[page] ${error.stack ?? error.message}\n`));
  await page.goto(url, { waitUntil: 'domcontentloaded', timeout: startDeadlineMs });
  return page;
}
