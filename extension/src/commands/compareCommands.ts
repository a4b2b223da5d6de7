/** Comparing programs: native diffs, all files that differ at once. */
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { changedFiles, type FileChange } from '../program/changedFiles.ts';
import { programUri } from '../program/programFiles.ts';
import { choose, mention } from '../ui/ask.ts';
import { CannotError } from './failure.ts';
import { type CandidateRef, candidateOf, namedCandidates, pickCandidate } from './target.ts';

export async function compareWithParent(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Compare a program with its parent'), 'program');
  if (ref === undefined) return;
  const parents = await app.followed.look(ref.run, ({ candidates }) => candidates.get(ref.candidate)?.parents ?? []);
  const [first, second] = parents;
  if (first === undefined) throw new CannotError(l10n.t('#{0} has no parent.', ref.candidate));
  const parent =
    second === undefined
      ? first
      : await choose(
          parents.map((value) => ({ label: `#${value}`, value })),
          { title: l10n.t('Compare #{0} with which parent?', ref.candidate) },
        );
  if (parent !== undefined) await showChanges(app, { run: ref.run, candidate: parent }, ref);
}

export async function compareWithBest(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Compare a program with the best'), 'program');
  if (ref === undefined) return;
  const best = await app.followed.look(
    ref.run,
    ({ summary }) => summary.selected ?? summary.bestSearch?.candidate ?? null,
  );
  if (best === null) throw new CannotError(l10n.t('Nothing has been scored yet.'));
  if (best === ref.candidate) throw new CannotError(l10n.t('#{0} is the best itself.', best));
  await showChanges(app, { run: ref.run, candidate: best }, ref);
}

/** With two selected: those two. Else the person picks the other one. */
export async function compareWith(app: App, args: readonly unknown[]): Promise<void> {
  const named = namedCandidates(app, args);
  const [one, other] = [...named].sort((a, b) => a.candidate - b.candidate);
  if (one !== undefined && other !== undefined) {
    await showChanges(app, one, other);
    return;
  }
  const title = l10n.t('Compare two programs');
  const ref = await candidateOf(app, args, title, 'program');
  if (ref === undefined) return;
  const candidate = await pickCandidate(app, ref.run, l10n.t('Compare #{0} with', ref.candidate), 'program', {
    without: ref.candidate,
  });
  if (candidate !== undefined) await showChanges(app, { run: ref.run, candidate }, ref);
}

async function showChanges(app: App, from: CandidateRef, to: CandidateRef): Promise<void> {
  const read = (ref: CandidateRef) => app.readProgram(ref.run, ref.candidate);
  const [before, after] = await Promise.all([read(from), read(to)]);
  const changes = changedFiles(before, after);
  const title =
    from.run === to.run
      ? `#${from.candidate} ↔ #${to.candidate}`
      : `${from.run} #${from.candidate} ↔ ${to.run} #${to.candidate}`;
  const [only] = changes;
  if (only === undefined) {
    mention(l10n.t('{0}: the programs are the same.', title));
    return;
  }
  const sides = (change: FileChange): [vscode.Uri | undefined, vscode.Uri | undefined] => [
    change.how === 'added' ? undefined : programUri(from.run, from.candidate, change.path),
    change.how === 'removed' ? undefined : programUri(to.run, to.candidate, change.path),
  ];
  const [left, right] = sides(only);
  if (changes.length === 1 && left !== undefined && right !== undefined)
    await vscode.commands.executeCommand('vscode.diff', left, right, `${title} ${only.path}`);
  else
    await vscode.commands.executeCommand(
      'vscode.changes',
      title,
      changes.map((change) => [programUri(to.run, to.candidate, change.path), ...sides(change)]),
    );
}
