/** Settings by their names in `ids.ts`. */
import * as vscode from 'vscode';
import type { SettingName, Settings } from '../ids.ts';

export function setting<N extends SettingName>(name: N): Settings[N] {
  const value = vscode.workspace.getConfiguration('aira2').get<Settings[N]>(name);
  // Declared with a default in package.json; `contributions.test.ts` compares the two.
  if (value === undefined) throw new Error(`the setting aira2.${name} is not declared`);
  return value;
}

/** On this machine, for all windows; undefined takes it back. */
export async function setSetting<N extends SettingName>(name: N, value: Settings[N] | undefined): Promise<void> {
  await vscode.workspace.getConfiguration('aira2').update(name, value, vscode.ConfigurationTarget.Global);
}
