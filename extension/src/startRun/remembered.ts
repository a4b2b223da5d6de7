/** What was chosen for the last run of this workspace. */
import type * as vscode from 'vscode';
import * as z from 'zod';
import { RunSettings } from '../../../protocol/client.ts';

const Stored = z.object({ task: z.string().nullable(), settings: RunSettings });

export interface Remembered extends z.infer<typeof Stored> {
  /** Nothing has been started here yet: these are our proposals. */
  isFirst: boolean;
}

const key = 'aira2.lastStart';

/** The first start: a run of minutes, without a key. */
const firstStart: Remembered = { task: null, settings: { model: 'heuristic', candidates: 12 }, isFirst: true };

/** What is stored by another version, and does not fit any more, is forgotten. */
export function remembered(memento: vscode.Memento): Remembered {
  const parsed = Stored.safeParse(memento.get(key));
  return parsed.success ? { ...parsed.data, isFirst: false } : firstStart;
}

export async function remember(memento: vscode.Memento, start: z.infer<typeof Stored>): Promise<void> {
  await memento.update(key, start);
}
