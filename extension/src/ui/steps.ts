/** One question of several: a step forward, a step back, or out. */
import * as vscode from 'vscode';
import { type Choice, type ChoiceItem, choiceItems } from './choices.ts';

export type Answer<T> = { kind: 'answer'; value: T } | { kind: 'back' } | { kind: 'out' };

export interface PickStep<T> {
  title: string;
  step: number;
  steps: number;
  placeholder: string;
  /** Fetched while the question is on the screen already. */
  choices: Promise<readonly (Choice<T> | vscode.QuickPickItem)[]>;
  /** The one that Enter takes. */
  active?: (value: T) => boolean;
}

/** @throws what kept the choices from coming */
export async function pickStep<T>(options: PickStep<T>): Promise<Answer<T>> {
  const pick = vscode.window.createQuickPick<ChoiceItem<T> | vscode.QuickPickItem>();
  pick.title = options.title;
  pick.step = options.step;
  pick.totalSteps = options.steps;
  pick.placeholder = options.placeholder;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.ignoreFocusOut = true;
  pick.busy = true;
  if (options.step > 1) pick.buttons = [vscode.QuickInputButtons.Back];
  try {
    return await new Promise<Answer<T>>((resolve, reject) => {
      pick.onDidTriggerButton(() => resolve({ kind: 'back' }));
      pick.onDidHide(() => resolve({ kind: 'out' }));
      pick.onDidAccept(() => {
        const [item] = pick.activeItems;
        if (item !== undefined && 'value' in item) resolve({ kind: 'answer', value: item.value });
      });
      pick.show();
      options.choices.then((choices) => {
        const items = choiceItems(choices);
        pick.items = items;
        const { active } = options;
        const first = active === undefined ? undefined : items.find((item) => 'value' in item && active(item.value));
        if (first !== undefined) pick.activeItems = [first];
        pick.busy = false;
      }, reject);
    });
  } finally {
    pick.dispose();
  }
}
