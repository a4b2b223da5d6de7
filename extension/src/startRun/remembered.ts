/** What was chosen for the last run of this workspace. */
import type * as vscode from 'vscode';
import * as z from 'zod';
import { RunSettings } from '../../../protocol/client.ts';

const Remembered = z.object({ task: z.string().nullable(), settings: RunSettings });
export type Remembered = z.infer<typeof Remembered>;

const key = 'aira2.lastStart';

/** The first start: a run of minutes, without a key. */
export const firstStart: Remembered = { task: null, settings: { model: 'heuristic', candidates: 12 } };

/** What is stored by another version, and does not fit any more, is forgotten. */
export function remembered(memento: vscode.Memento): Remembered {
  const parsed = Remembered.safeParse(memento.get(key));
  return parsed.success ? parsed.data : firstStart;
}

export async function remember(memento: vscode.Memento, start: Remembered): Promise<void> {
  await memento.update(key, start);
}
