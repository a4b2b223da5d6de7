/** Mistakes of manifests, at their lines. */
import { isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import type { ManifestProblem } from '../../../protocol/clientViews.ts';
import { l10n } from '../localisation.ts';

export class TaskDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('aira2');
  /** Files with mistakes, by the manifest whose validation found them. */
  readonly #files = new Map<string, vscode.Uri[]>();

  /** What is wrong with a manifest now; what was said before is taken back. */
  set(manifest: string, problems: readonly ManifestProblem[]): void {
    for (const uri of this.#files.get(manifest) ?? []) this.#collection.delete(uri);
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const problem of problems) {
      if (!isAbsolute(problem.file)) continue;
      byFile.set(problem.file, [...(byFile.get(problem.file) ?? []), diagnosticOf(problem)]);
    }
    const uris = [...byFile].map(([file, diagnostics]) => {
      const uri = vscode.Uri.file(file);
      this.#collection.set(uri, diagnostics);
      return uri;
    });
    if (uris.length === 0) this.#files.delete(manifest);
    else this.#files.set(manifest, uris);
  }

  /** Manifests whose mistakes are shown, to be validated again when they are saved. */
  has(manifest: string): boolean {
    return this.#files.has(manifest);
  }

  dispose(): void {
    this.#collection.dispose();
  }
}

function diagnosticOf({ line, column, message, fix }: ManifestProblem): vscode.Diagnostic {
  const start = new vscode.Position((line ?? 1) - 1, (column ?? 1) - 1);
  // To the end of the line: where the mistake ends is not known.
  const end = new vscode.Position(start.line, Number.MAX_SAFE_INTEGER);
  const text = fix === null ? message : l10n.t('{0} Fix: {1}', message, fix);
  const diagnostic = new vscode.Diagnostic(new vscode.Range(start, end), text, vscode.DiagnosticSeverity.Error);
  diagnostic.source = 'AIRA2';
  return diagnostic;
}
