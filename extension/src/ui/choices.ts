/** What a person can choose from, as VS Code is given it: words of others have no icons. */
import type { QuickPickItem } from 'vscode';
import { iconless } from '../markdown.ts';

export interface Choice<T> {
  /** By its name in VS Code; before the label. */
  icon?: string;
  label: string;
  description?: string;
  detail?: string;
  value: T;
}

export interface ChoiceItem<T> extends QuickPickItem {
  value: T;
}

/** What is no choice (a line between groups) stays as it is. */
export function choiceItems<T>(listed: readonly (Choice<T> | QuickPickItem)[]): (ChoiceItem<T> | QuickPickItem)[] {
  return listed.map((item) => {
    if (!('value' in item)) return item;
    const { icon, label, description = '', detail = '', value } = item;
    return {
      label: icon === undefined ? iconless(label) : `$(${icon}) ${iconless(label)}`,
      description: iconless(description),
      detail: iconless(detail),
      value,
    };
  });
}
