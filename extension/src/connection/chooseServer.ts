/** Which server: of this machine, of an SSH host, or at an address. */
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { askText, choose, separator } from '../ui/ask.ts';
import { setSetting, setting } from '../views/settings.ts';
import { tokenName } from './chosenRoute.ts';
import { isHostName, sshConfigHosts } from './ssh/sshHosts.ts';

type Choice = { kind: 'local' } | { kind: 'ssh'; host: string } | { kind: 'anotherHost' } | { kind: 'url' };

/** Writes the settings. False: the person has thought better of it. */
export async function chooseServer(app: App): Promise<boolean> {
  const chosen = await choose<Choice>(await choices(), {
    title: l10n.t('Connect to a server'),
    placeholder: l10n.t('On which machine are the runs?'),
  });
  if (chosen === undefined) return false;
  if (chosen.kind === 'url') return chooseAddress(app);
  const host = chosen.kind === 'local' ? '' : chosen.kind === 'ssh' ? chosen.host : await askHost();
  if (host === undefined) return false;
  await apply(app, '', host);
  return true;
}

async function choices() {
  const remote = vscode.env.remoteName;
  return [
    {
      icon: 'vm',
      label: l10n.t('This machine'),
      detail:
        remote === undefined
          ? l10n.t('The agent server of your user here; it is started where there is none.')
          : l10n.t('The agent server where this window’s extensions run ({0}).', remote),
      value: { kind: 'local' as const },
    },
    separator(l10n.t('through ssh')),
    ...(await sshConfigHosts(setting('server.sshConfigFile'))).map((host) => ({
      icon: 'remote',
      label: host,
      value: { kind: 'ssh' as const, host },
    })),
    {
      icon: 'add',
      label: l10n.t('Another SSH host…'),
      detail: l10n.t(
        'The server is installed there if need be, and reached through ssh: nothing listens on the network.',
      ),
      value: { kind: 'anotherHost' as const },
    },
    separator(l10n.t('at an address')),
    {
      icon: 'link',
      label: l10n.t('Address and token…'),
      detail: l10n.t('A server that you or somebody else has started and forwarded.'),
      value: { kind: 'url' as const },
    },
  ];
}

async function askHost(): Promise<string | undefined> {
  const host = await askText({
    title: l10n.t('SSH host'),
    prompt: l10n.t(
      'As ssh knows it: a name of ~/.ssh/config, or user@host. Keys, ports and jumps are those of your configuration.',
    ),
    value: setting('server.sshHost'),
    placeholder: 'gpu-box',
    validate: (text) => (isHostName(text.trim()) ? null : l10n.t('A host name, or user@host.')),
  });
  return host?.trim();
}

async function chooseAddress(app: App): Promise<boolean> {
  const url = await askText({
    title: l10n.t('Address of the agent server'),
    prompt: l10n.t(
      'As its discovery file says, after forwarding. Traffic to ws:// is not encrypted: forward it through ssh.',
    ),
    value: setting('server.url'),
    placeholder: 'ws://127.0.0.1:8765/client',
    validate: (text) =>
      /^(wss?:\/\/\S+|ws\+unix:\S+)$/.test(text.trim()) ? null : l10n.t('It begins with ws://, wss:// or ws+unix:.'),
  });
  if (url === undefined) return false;
  const token = await askText({
    title: l10n.t('Token of {0}', url.trim()),
    prompt: l10n.t('From the same discovery file. It is kept in the secret storage.'),
    password: true,
    validate: (text) => (text.trim() === '' ? l10n.t('A token.') : null),
  });
  if (token === undefined) return false;
  await app.context.secrets.store(tokenName(url.trim()), token.trim());
  await apply(app, url.trim(), '');
  return true;
}

async function apply(app: App, url: string, host: string): Promise<void> {
  const isSame = setting('server.url') === url && setting('server.sshHost') === host;
  await setSetting('server.url', url === '' ? undefined : url);
  await setSetting('server.sshHost', host === '' ? undefined : host);
  if (isSame) await app.connection.reroute();
}
