/** Exporting: a program with its environment, and its predictions once the run is unsealed. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { CandidateId, RunId } from '../../../protocol/run.ts';
import type { App } from '../app.ts';
import { filesWord } from '../counts.ts';
import { l10n } from '../localisation.ts';
import { askText } from '../ui/ask.ts';
import { notify } from '../ui/notify.ts';

/** @param candidate null: the selected one, or the best so far */
export async function exportTo(app: App, run: RunId, candidate: CandidateId | null): Promise<void> {
  const name = candidate === null ? run : `${run}-candidate-${candidate}`;
  const to = app.connection.isLocal ? await pickFolder(name) : await askPath(app, name);
  if (to === undefined) return;
  const exported = await app.connection.get().request('candidate.export', { run, candidate, to });
  const open = l10n.t('Open Folder');
  const message = l10n.t(
    '#{0} is exported: {1} in {2}',
    exported.candidate,
    filesWord(exported.files.length),
    exported.directory,
  );
  if (!app.connection.isLocal) {
    void notify('info', message);
    return;
  }
  const chosen = await notify('info', message, open);
  if (chosen === open)
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(exported.directory), {
      forceNewWindow: true,
    });
}

async function pickFolder(name: string): Promise<string | undefined> {
  const [workspace] = vscode.workspace.workspaceFolders ?? [];
  const picked = await vscode.window.showOpenDialog({
    title: l10n.t('Export into a new folder in …'),
    openLabel: l10n.t('Export Here'),
    canSelectFiles: false,
    canSelectFolders: true,
    defaultUri: workspace?.uri ?? vscode.Uri.file(homedir()),
  });
  const [folder] = picked ?? [];
  return folder === undefined ? undefined : freeName(join(folder.fsPath, name));
}

/** An export never goes into what is there already. */
function freeName(path: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? path : `${path}-${number}`;
    if (!existsSync(name)) return name;
  }
}

async function askPath(app: App, name: string): Promise<string | undefined> {
  const { link } = app.connection;
  return askText({
    title: l10n.t('Export on {0}', app.connection.machine),
    prompt: l10n.t('Folder on {0} that does not exist yet', app.connection.machine),
    value: link.kind === 'connected' ? `${link.server.home}/exports/${name}` : '',
    validate: (text) => (text.startsWith('/') ? null : l10n.t('An absolute path.')),
  });
}
