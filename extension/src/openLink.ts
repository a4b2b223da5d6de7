/** Links of the form `vscode://aira2.aira2-vscode/run?id=<run>&candidate=<n>`: anybody can send one, so the person is asked. */
import type * as vscode from 'vscode';
import { CandidateId, RunId } from '../../protocol/run.ts';
import type { App } from './app.ts';
import { explain } from './commands/failure.ts';
import { l10n } from './localisation.ts';
import { confirm } from './ui/ask.ts';
import { notify } from './ui/notify.ts';

export interface LinkTarget {
  run: RunId;
  candidate: CandidateId | null;
}

export async function openLink(app: App, uri: vscode.Uri): Promise<void> {
  const target = linkTarget(uri.path, uri.query);
  if (target === null) {
    void notify('warning', l10n.t('This link names no run.'));
    return;
  }
  const { run, candidate } = target;
  const what =
    candidate === null ? l10n.t('the run {0}', run) : l10n.t('candidate #{0} of the run {1}', candidate, run);
  if (
    !(await confirm(
      l10n.t('Open {0}?', what),
      l10n.t('A link asks for it. It is looked at, and nothing is changed.'),
      l10n.t('Open'),
    ))
  )
    return;
  try {
    await app.connection.look();
    if (candidate === null) await app.panels.open({ kind: 'dashboard', run });
    else await app.panels.open({ kind: 'trajectory', run, candidate });
  } catch (error) {
    void notify('warning', explain(error).message);
  }
}

export function linkTarget(path: string, query: string): LinkTarget | null {
  if (path !== '/run') return null;
  const parameters = new URLSearchParams(query);
  const run = RunId.safeParse(parameters.get('id'));
  if (!run.success) return null;
  const number = parameters.get('candidate');
  if (number === null) return { run: run.data, candidate: null };
  const candidate = CandidateId.safeParse(/^\d{1,9}$/.test(number) ? Number(number) : null);
  return candidate.success ? { run: run.data, candidate: candidate.data } : null;
}
