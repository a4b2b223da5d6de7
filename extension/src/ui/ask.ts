/** Questions to the person. Every one of them can be left with Escape: the answer is then undefined. */
import * as vscode from 'vscode';
import { l10n } from '../localisation.ts';
import { iconless, unlinked } from '../markdown.ts';
import { type Choice, choiceItems } from './choices.ts';

export async function choose<T>(
  choices: readonly (Choice<T> | vscode.QuickPickItem)[],
  options: { title: string; placeholder?: string; matchOnDetail?: boolean },
): Promise<T | undefined> {
  const { title, placeholder = '', matchOnDetail = true } = options;
  const picked = await vscode.window.showQuickPick(choiceItems(choices), {
    title,
    placeHolder: placeholder,
    matchOnDescription: true,
    matchOnDetail,
    ignoreFocusOut: true,
  });
  return picked !== undefined && 'value' in picked ? picked.value : undefined;
}

export function separator(label: string): vscode.QuickPickItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

export interface TextQuestion {
  title: string;
  prompt: string;
  placeholder?: string;
  value?: string;
  password?: boolean;
  /** What is wrong with it, in words; null if nothing is. */
  validate?: (text: string) => string | null;
}

export async function askText(question: TextQuestion): Promise<string | undefined> {
  const { title, prompt, placeholder = '', value = '', password = false, validate = () => null } = question;
  return vscode.window.showInputBox({
    title,
    prompt: unlinked(prompt),
    placeHolder: placeholder,
    value,
    password,
    ignoreFocusOut: true,
    validateInput: validate,
  });
}

/** A question that stands in the way: for what costs money, cannot be undone, or reaches another machine. */
export async function confirm(message: string, detail: string, action: string): Promise<boolean> {
  const words = { modal: true, detail: unlinked(detail) };
  return (await vscode.window.showWarningMessage(unlinked(message), words, action)) === action;
}

/** Said in passing: gone by itself after a while. */
export function mention(message: string): void {
  vscode.window.setStatusBarMessage(`$(check) ${iconless(message)}`, 6000);
}

/** Of a number, or nothing for the empty text. */
export function validateNumber({ min, isWhole = false }: { min: number; isWhole?: boolean }) {
  return (text: string): string | null => {
    if (text.trim() === '') return null;
    const value = Number(text);
    if (!Number.isFinite(value) || value < min || (isWhole && !Number.isInteger(value)))
      return isWhole ? l10n.t('A whole number of at least {0}.', min) : l10n.t('A number of at least {0}.', min);
    return null;
  };
}
