/** Commands about the agent server and its machine. */
import { open } from 'node:fs/promises';
import * as vscode from 'vscode';
import { serverPaths } from '../../../protocol/discovery.ts';
import { hasCode } from '../../../protocol/thrown.ts';
import type { App } from '../app.ts';
import { chooseServer } from '../connection/chooseServer.ts';
import { type CommandName, commandId, View } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { choose, confirm, mention } from '../ui/ask.ts';
import { setSetting } from '../views/settings.ts';
import { doctorMarkdown } from './doctorMarkdown.ts';
import { CannotError } from './failure.ts';

export async function connect(app: App): Promise<void> {
  const chosen = await chooseServer(app);
  if (chosen) await startServer(app);
}

export async function useThisMachine(app: App): Promise<void> {
  await setSetting('server.url', undefined);
  await setSetting('server.sshHost', undefined);
  await app.connection.reroute();
  await app.connection.look();
}

/** Looks first, and starts where there is none. */
export async function startServer(app: App): Promise<void> {
  await app.inView(View.runs, l10n.t('Connecting …'), () => app.connection.need());
}

export async function retryConnection(app: App): Promise<void> {
  const { connection } = app;
  if (connection.link.kind === 'lost') {
    connection.get().reconnect();
    return;
  }
  await connection.look();
  // Whoever asked is told why not; the views have no room for it.
  if (connection.link.kind === 'failed') throw connection.link.error;
}

export async function stopServer(app: App): Promise<void> {
  const client = app.connection.get();
  const server = await client.request('server.get', {});
  const runs = server.liveRuns.length;
  if (runs === 0) {
    await client.request('server.stop', { how: 'idle' });
    mention(l10n.t('The agent server on {0} has ended.', server.host));
    return;
  }
  const how = await choose<'drain' | 'handover'>(
    [
      {
        label: l10n.t('When its runs have ended'),
        detail:
          runs === 1
            ? l10n.t('It takes no new run, and ends after the one that it has.')
            : l10n.t('It takes no new run, and ends after the last of its {0} runs.', runs),
        value: 'drain',
      },
      {
        label: l10n.t('Now, and go on later'),
        detail: l10n.t('Runs are interrupted where they are. The next server takes them up: nothing is lost.'),
        value: 'handover',
      },
    ],
    { title: l10n.t('Stop the agent server on {0}', server.host) },
  );
  if (how === undefined) return;
  await client.request('server.stop', { how });
  // Whoever comes next starts the next one; this window does not do so by itself.
  if (how === 'handover') await app.connection.close();
}

export async function restartServer(app: App): Promise<void> {
  const client = app.connection.get();
  const server = await client.request('server.get', {});
  const live = server.liveRuns.length;
  const newer = server.build !== app.build.name;
  const detail = [
    l10n.t('It runs build {0}; this extension brings {1}.', server.build, app.build.name),
    live === 0
      ? l10n.t('No run is live.')
      : live === 1
        ? l10n.t('1 run goes on: agents are interrupted for a moment, and lose nothing.')
        : l10n.t('{0} runs go on: agents are interrupted for a moment, and lose nothing.', live),
  ].join(' ');
  const action = newer ? l10n.t('Replace') : l10n.t('Restart');
  if (!(await confirm(l10n.t('Restart the agent server on {0}?', server.host), detail, action))) return;
  await app.inView(View.runs, l10n.t('Restarting the agent server …'), () => app.connection.replaceServer());
}

/** How much of a log is shown: its end. */
const shownBytes = 2 * 1024 * 1024;

export async function showServerLog(app: App): Promise<void> {
  const { link } = app.connection;
  const server = link.kind === 'connected' || link.kind === 'lost' ? link.server : null;
  if (!app.connection.isLocal)
    throw new CannotError(
      server === null
        ? l10n.t('The log of the agent server lies on {0}.', app.connection.machine)
        : l10n.t('The log of the agent server lies on {0}: {1}', server.host, server.log),
    );
  const paths = serverPaths(app.home);
  const texts = await Promise.all([server?.log ?? paths.log, paths.output].map(endOf));
  const text = texts.filter((one) => one !== '').join('\n');
  if (text === '') throw new CannotError(l10n.t('There is no log yet: no agent server has run here.'));
  await app.documents.show('aira2-server.log', text, 'source');
}

async function endOf(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const from = Math.max(0, size - shownBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}

export async function doctor(app: App): Promise<void> {
  const report = await app.inView(View.runs, l10n.t('Checking this machine …'), async () => {
    const client = await app.connection.need();
    const [found, machine] = await Promise.all([
      client.request('machine.doctor', {}),
      client.request('machine.get', {}),
    ]);
    return doctorMarkdown(found, machine, app.connection.machine);
  });
  await app.documents.show('AIRA2 Doctor.md', report, 'preview');
}

export async function setUpEnvironment(app: App): Promise<void> {
  await app.withProgress(l10n.t('Setting up Python'), async (client, operation, signal) => {
    const machine = await client.request('environment.setUp', { operation }, { signal });
    app.setMachine(machine);
    if (machine.pythonProblem !== null) throw new CannotError(machine.pythonProblem, ['doctor']);
  });
  mention(l10n.t('The Python environment is ready.'));
}

/** What the status-bar item opens. */
export async function showMenu(app: App): Promise<void> {
  const isLost = app.connection.link.kind === 'lost';
  const entries: [CommandName, string][] = [
    ...(isLost ? [['retryConnection', l10n.t('Try to Connect Now')] satisfies [CommandName, string]] : []),
    ['openDashboard', l10n.t('Open Run Dashboard')],
    ['startRun', l10n.t('Start Run')],
    ['doctor', l10n.t('Check This Machine')],
    ['showServerLog', l10n.t('Show Server Log')],
    ['connect', l10n.t('Connect to Server…')],
    ['restartServer', l10n.t('Restart or Upgrade Server')],
    ['stopServer', l10n.t('Stop Server')],
  ];
  const command = await choose(
    entries.map(([value, label]) => ({ label, value })),
    { title: l10n.t('AIRA2 on {0}', app.connection.machine) },
  );
  if (command !== undefined) await vscode.commands.executeCommand(commandId(command));
}
