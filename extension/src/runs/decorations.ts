/** Marks of candidates at the end of their rows: best, selected, pinned, excluded, suspicious, chosen as a parent. */
import * as vscode from 'vscode';
import type { CandidateId, RunId } from '../../../protocol/run.ts';
import { decorationScheme } from '../ids.ts';
import { candidateMark } from './candidateRow.ts';
import type { FollowedRuns } from './followedRuns.ts';

export class CandidateDecorations implements vscode.FileDecorationProvider, vscode.Disposable {
  readonly #followed: FollowedRuns;
  readonly #marked: () => { run: RunId; candidate: CandidateId } | null;
  readonly #changes = new vscode.EventEmitter<vscode.Uri | vscode.Uri[] | undefined>();
  readonly #registration: vscode.Disposable;
  readonly onDidChangeFileDecorations = this.#changes.event;

  constructor(followed: FollowedRuns, marked: () => { run: RunId; candidate: CandidateId } | null) {
    this.#followed = followed;
    this.#marked = marked;
    this.#registration = vscode.window.registerFileDecorationProvider(this);
  }

  /** Draws the marks of these candidates anew; null: all. */
  changed(run: RunId, candidates: ReadonlySet<CandidateId> | null): void {
    if (candidates === null) this.#changes.fire(undefined);
    else if (candidates.size > 0) this.#changes.fire([...candidates].map((id) => candidateUri(run, id)));
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== decorationScheme) return undefined;
    const [run, number] = uri.path.slice(1).split('/');
    const view = run === undefined ? null : this.#followed.view(run);
    const candidate = view?.candidates.get(Number(number));
    if (!view || candidate === undefined) return undefined;
    const marked = this.#marked();
    const mark = candidateMark(candidate, view, marked !== null && marked.run === run ? marked.candidate : null);
    if (mark.badge === undefined && mark.color === undefined) return undefined;
    return new vscode.FileDecoration(
      mark.badge,
      mark.tooltip,
      mark.color === undefined ? undefined : new vscode.ThemeColor(mark.color),
    );
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changes.dispose();
  }
}

/** Names a candidate's row to whoever decorates it. */
export function candidateUri(run: RunId, candidate: CandidateId): vscode.Uri {
  return vscode.Uri.from({ scheme: decorationScheme, path: `/${run}/${candidate}` });
}
