/** Commands that look at a candidate: its program, trajectory, log and files. */
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { programUri } from '../program/programFiles.ts';
import { mainFile } from '../program/programPlace.ts';
import { choose, mention } from '../ui/ask.ts';
import { exportTo } from './exportCandidate.ts';
import { CannotError } from './failure.ts';
import { asRun, type CandidateRef, candidateOf, namedCandidates } from './target.ts';

export async function openTrajectory(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Open a trajectory'), 'trajectory');
  if (ref !== undefined) await app.panels.open({ kind: 'trajectory', ...plain(ref) });
}

export async function openTrajectoryToSide(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Open a trajectory to the side'), 'trajectory');
  if (ref !== undefined) await app.panels.open({ kind: 'trajectory', ...plain(ref) }, 'side');
}

/** Of one file: opened. Of several: the person picks; all of them are one click away in the breadcrumbs. */
export async function openProgram(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Open a program'), 'program');
  if (ref === undefined) return;
  const { run, candidate } = ref;
  const entries = await app.programs.list(run, candidate);
  const main = mainFile(entries);
  if (main === null) throw new CannotError(l10n.t('#{0} has no program.', candidate));
  const path = entries.length === 1 ? main : await pickFile(ref, entries, main);
  if (path === undefined) return;
  if (path === null) {
    addToWorkspace(ref);
    return;
  }
  await vscode.window.showTextDocument(programUri(run, candidate, path), { preview: true });
}

/** null: the whole folder. */
async function pickFile(
  { candidate }: CandidateRef,
  entries: readonly { path: string; bytes: number }[],
  main: string,
): Promise<string | null | undefined> {
  const sorted = [...entries].sort(
    (a, b) => Number(b.path === main) - Number(a.path === main) || (a.path < b.path ? -1 : 1),
  );
  return choose<string | null>(
    [
      ...sorted.map(({ path, bytes }) => ({
        icon: 'file',
        label: path,
        description: l10n.t('{0} KB', Math.max(1, Math.round(bytes / 1024))),
        value: path,
      })),
      {
        icon: 'root-folder',
        label: l10n.t('Add the whole folder to the workspace, read-only'),
        description: '',
        value: null,
      },
    ],
    { title: l10n.t('Program of #{0}', candidate), placeholder: l10n.t('Which file?') },
  );
}

function addToWorkspace({ run, candidate }: CandidateRef): void {
  const place = vscode.workspace.workspaceFolders?.length ?? 0;
  vscode.workspace.updateWorkspaceFolders(place, 0, {
    uri: programUri(run, candidate),
    name: l10n.t('#{0} of {1}', candidate, run),
  });
}

export async function openLog(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Open the evaluation log of a candidate'), 'program');
  if (ref === undefined) return;
  const { text } = await app.connection.get().request('candidate.log', plain(ref));
  if (text === '')
    throw new CannotError(l10n.t('#{0} has printed nothing, or is still being evaluated.', ref.candidate));
  await app.documents.show(`candidate-${ref.candidate}-evaluation.log`, text, 'source');
}

export async function exportCandidate(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Export a candidate'), 'program');
  if (ref !== undefined) await exportTo(app, ref.run, ref.candidate);
}

/** A link that opens it again, in this editor or another that reaches the same server. */
export async function copyReference(app: App, args: readonly unknown[]): Promise<void> {
  const named = namedCandidates(app, args);
  const [first] = args;
  const run = named.length === 0 ? asRun(first) : null;
  const refs = named.length > 0 || run !== null ? named : [await candidateOf(app, args, l10n.t('Copy a reference'))];
  const links = refs.filter((ref) => ref !== undefined).map(({ run: id, candidate }) => app.linkTo(id, candidate));
  if (run !== null) links.push(app.linkTo(run, null));
  if (links.length === 0) return;
  await vscode.env.clipboard.writeText(links.join('\n'));
  mention(l10n.t('Copied: {0}', links.join(' ')));
}

export async function revealArtefacts(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Reveal the files of a candidate'));
  if (ref === undefined) return;
  const { directory } = await app.connection.get().request('candidate.files', plain(ref));
  if (!app.connection.isLocal) {
    await vscode.env.clipboard.writeText(directory);
    mention(l10n.t('Copied the path on {0}: {1}', app.connection.machine, directory));
    return;
  }
  const how = await choose<'window' | 'terminal' | 'copy'>(
    [
      { icon: 'empty-window', label: l10n.t('Open in a new window'), value: 'window' },
      { icon: 'terminal', label: l10n.t('Open a terminal there'), value: 'terminal' },
      { icon: 'copy', label: l10n.t('Copy the path'), value: 'copy' },
    ],
    { title: l10n.t('Files of #{0}', ref.candidate), placeholder: directory },
  );
  if (how === 'window')
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(directory), { forceNewWindow: true });
  if (how === 'terminal') vscode.window.createTerminal({ cwd: directory, name: `#${ref.candidate}` }).show();
  if (how === 'copy') await vscode.env.clipboard.writeText(directory);
}

/** Rows of trees carry more than what they name. */
export function plain({ run, candidate }: CandidateRef): CandidateRef {
  return { run, candidate };
}
