/** The state snapshot: notes a model writes to itself before older steps are left out. */
import type { GenerateResponse } from '../models/chatModel.ts';

export const snapshotTokens = 8192;

export const snapshotRequest = `Your conversation grows too long: older steps will be left out. Write down now, for yourself, what you must not forget. Call no tool.
Answer with <state_snapshot>…</state_snapshot> and nothing else, in at most 800 words:
- what you found out about the data and the task, with figures;
- the present program: where it is, how it works, what its own validation says;
- what was tried, with its result, and why it was kept or dropped;
- what you are in the middle of, and the next steps.
If notes of yours from before stand above, carry over what still holds.`;

/** The words of the snapshot, or null if the answer holds none. */
export function snapshotIn(response: GenerateResponse): string | null {
  const text = response.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
  const inside = /<state_snapshot>([\s\S]*?)(?:<\/state_snapshot>|$)/.exec(text)?.[1] ?? text;
  return inside.trim() === '' ? null : inside.trim();
}
