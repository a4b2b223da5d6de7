/** Messages in the editor's language: `l10n.t('…')`, here and in tests, where nobody has given translations. */
import * as l10n from '@vscode/l10n';
import type * as vscode from 'vscode';

/** Takes the translations that VS Code has loaded for this extension; without any, messages stay as they are written. */
export function useTranslations(bundle: typeof vscode.l10n.bundle): void {
  if (bundle !== undefined) l10n.config({ contents: bundle });
}

export { l10n };
