/** A person's own program: a working copy of a candidate, edited, and submitted through the same hidden evaluation. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { maxSummary } from '../../../protocol/client.ts';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { mainFile } from '../program/programPlace.ts';
import {
  makeWorkingCopy,
  ProgramFolderError,
  readProgramFolder,
  removeWorkingCopy,
  type WorkingCopy,
  workingCopyOf,
} from '../program/workingCopies.ts';
import { whenServed } from '../runs/steeringWords.ts';
import { askText, mention } from '../ui/ask.ts';
import { notify } from '../ui/notify.ts';
import { CannotError } from './failure.ts';
import { candidateOf, requireTaken } from './target.ts';

export async function editAndSubmit(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Edit a program and submit it'), 'program', 'work');
  if (ref === undefined) return;
  const program = await app.readProgram(ref.run, ref.candidate);
  const { machine } = app.connection;
  const copy = await makeWorkingCopy(app.storage, { run: ref.run, parent: ref.candidate, machine }, program);
  const main = mainFile([...program].map(([path, { byteLength }]) => ({ path, bytes: byteLength })));
  if (main === null) throw new CannotError(l10n.t('#{0} has no program.', ref.candidate));
  await vscode.window.showTextDocument(vscode.Uri.file(join(copy.folder, main)), { preview: false });
  mention(l10n.t('Edit it, then “Submit Candidate” at the top of the editor. Other files of it: {0}', copy.folder));
}

export async function submitCandidate(app: App, args: readonly unknown[]): Promise<void> {
  const [named] = args;
  const uri = named instanceof vscode.Uri ? named : vscode.window.activeTextEditor?.document.uri;
  const copy = uri === undefined ? null : await workingCopyOf(app.storage, uri.fsPath);
  if (copy === null)
    throw new CannotError(l10n.t('Open a file of a working copy first: “Edit and Submit” on a candidate makes one.'), [
      'editAndSubmit',
    ]);
  const { run, parent } = copy.origin;
  const client = await app.connection.need();
  await requireTaken(client, run, 'work');
  await saveAll(copy);
  const summary = await askText({
    title: l10n.t('Submit a program that came from #{0}', parent),
    prompt: l10n.t('What does it do differently? One line; agents read it, too.'),
    validate: (text) =>
      text.trim() === ''
        ? l10n.t('A few words.')
        : text.length > maxSummary
          ? l10n.t('At most {0} characters.', maxSummary)
          : null,
  });
  if (summary === undefined) return;
  const program = { summary: summary.trim(), files: await filesOf(copy) };
  await client.request('run.submit', { run, parent, ...program, operation: randomUUID() });
  mention(l10n.t('Your program is evaluated {0}.', whenServed(app.runs.get(run)?.state)));
  await offerRemoval(copy);
}

/** What is evaluated is what is on the disk. */
async function saveAll({ folder }: WorkingCopy): Promise<void> {
  for (const document of vscode.workspace.textDocuments)
    if (document.isDirty && document.uri.scheme === 'file' && document.uri.fsPath.startsWith(folder))
      await document.save();
}

async function filesOf({ folder }: WorkingCopy): Promise<{ path: string; contentBase64: string }[]> {
  try {
    return await readProgramFolder(folder);
  } catch (error) {
    if (error instanceof ProgramFolderError) throw new CannotError(error.message);
    throw error;
  }
}

async function offerRemoval(copy: WorkingCopy): Promise<void> {
  const remove = l10n.t('Remove the Working Copy');
  const keep = l10n.t('Keep Editing');
  const answer = await notify(
    'info',
    l10n.t('Your program is queued: it comes before what the search would do.'),
    keep,
    remove,
  );
  if (answer !== remove) return;
  await closeEditors(copy);
  await removeWorkingCopy(copy);
}

async function closeEditors({ folder }: WorkingCopy): Promise<void> {
  const tabs = vscode.window.tabGroups.all
    .flatMap(({ tabs: all }) => all)
    .filter(({ input }) => input instanceof vscode.TabInputText && input.uri.fsPath.startsWith(folder));
  await vscode.window.tabGroups.close(tabs);
}
