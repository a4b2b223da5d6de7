/** The way to a server that the settings name: an address, an SSH host, or this machine. */
import * as vscode from 'vscode';
import { homeDirectory } from '../../../protocol/discovery.ts';
import { setting } from '../views/settings.ts';
import { localRoute } from './localRoute.ts';
import type { Route } from './route.ts';
import { sshRoute } from './ssh/sshRoute.ts';
import { urlRoute } from './urlRoute.ts';

/** Where tasks and runs of this machine are. */
export function home(): string {
  const given = setting('home');
  return homeDirectory(given === '' ? undefined : given);
}

/** Names the server's place, for what is kept for it alone: keys, tokens. */
export function chosenPlace(): string {
  const url = setting('server.url');
  const host = setting('server.sshHost');
  return url !== '' ? url : host !== '' ? `ssh:${host}` : 'this machine';
}

export function tokenName(url: string): string {
  return `aira2.token@${url}`;
}

export function chosenRoute(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Route {
  const url = setting('server.url');
  if (url !== '') return urlRoute(url, async () => context.secrets.get(tokenName(url)));
  const python = setting('python');
  const mayStart = () => vscode.workspace.isTrusted;
  const host = setting('server.sshHost');
  if (host !== '')
    return sshRoute({
      host,
      extensionFolder: context.extensionPath,
      configFile: setting('server.sshConfigFile'),
      mayStart,
      say: (line) => log.info(line),
    });
  return localRoute({
    home: home(),
    extensionFolder: context.extensionPath,
    python: python === '' ? undefined : python,
    mayStart,
  });
}
