/** Puts together the text that an agent reads as the result of a call. */
import { type OutputBounds, OutputWindow, type WindowText } from './outputWindow.ts';
import { type JobNumbers, presentOutput } from './presentation.ts';

const lateBounds: OutputBounds = { headBytes: 0, tailBytes: 4_000, fileBytes: 0, handedBytes: 0 };

/** What programs in the background write while no call runs. */
export class LateOutput {
  #window = new OutputWindow(lateBounds, null);

  readonly write = (chunk: Buffer): void => this.#window.write(chunk, null);

  /** Text to put before the next result, or an empty string. */
  async take(): Promise<string> {
    const window = this.#window;
    if (window.total === 0) return '';
    this.#window = new OutputWindow(lateBounds, null);
    const { head, tail, notice } = await window.finish();
    const cut = notice === null ? '' : ' (only the end of it)';
    const text = presentOutput(head + tail, null).trimEnd();
    return `[Output of background processes since the last call${cut}]\n${text}\n[End of that output]\n`;
  }
}

/** Output as it is shown, then what there is to say about it, each note in brackets on a line of its own. */
export function composeText(shown: WindowText, jobs: JobNumbers | null, notes: readonly string[]): string {
  const head = presentOutput(shown.head, jobs);
  const tail = presentOutput(shown.tail, jobs);
  const middle = shown.notice === null ? '' : `${head === '' || head.endsWith('\n') ? '' : '\n'}${shown.notice}\n`;
  return withNotes(head + middle + tail, notes);
}

export function withNotes(text: string, notes: readonly string[]): string {
  if (notes.length === 0) return text;
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${separator}${notes.map((note) => `[${note}]`).join('\n')}`;
}
