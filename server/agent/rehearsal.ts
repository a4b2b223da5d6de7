/**
 * Rehearsals: full runs of the program in the development sandbox. The engine knows of one from its own observations alone:
 * a tool call that ran the entry file ended without an error, and the predictions file was written while it ran. A pipe hides
 * the program's exit status; then a traceback in the output speaks against it. Pure but for the store.
 */
import { posix } from 'node:path';
import type { ToolCall, TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { parseToolCall } from './tools.ts';

/** Keeps the last program that was rehearsed, on disk. */
export interface Rehearsals {
  keep(files: ProgramFile[]): Promise<void>;
  kept(): Promise<ProgramFile[] | null>;
  /** Where a program in the development sandbox writes its predictions. */
  predictions: string;
  /** What runs the entry file, e.g. `python`. */
  interpreter: string;
}

export interface RunForm {
  entryFile: string;
  interpreter: string;
}

const startDirectory = '/workspace';

/** The folder of the program that a call has run without an error, and how long the call took; null if it did not. */
export function rehearsedDirectory(
  events: readonly TrajectoryEvent[],
  call: ToolCall,
  form: RunForm,
): { directory: string; durationMs: number } | null {
  const observation = events.findLast((event) => event.type === 'observation' && event.callId === call.id);
  if (observation?.type !== 'observation') return null;
  const { outcome, text, durationMs } = observation.observation;
  if (outcome !== 'ok' || text.includes('Traceback (most recent call last)')) return null;
  const parsed = parseToolCall(call.name, call.arguments);
  if ('problem' in parsed || parsed.request.name === 'submit') return null;
  const { request } = parsed;
  const directory =
    request.name === 'bash'
      ? entryDirectory(request.command, shellDirectory(earlierCommands(events, call)), form)
      : namedDirectory(request.code, form);
  return directory === null ? null : { directory, durationMs };
}

/** What the agent said when it ran the program that is kept. */
export function rehearsedIdea(events: readonly TrajectoryEvent[]): string {
  const rehearsed = events.findLast((event) => event.type === 'rehearsed');
  if (rehearsed === undefined || rehearsed.type !== 'rehearsed') return '';
  const said = events.findLast(
    (event) => event.type === 'model' && event.step <= rehearsed.step && event.reason.trim() !== '',
  );
  return said?.type === 'model' ? said.reason.replaceAll(/\s+/g, ' ').trim().slice(0, 300) : '';
}

function earlierCommands(events: readonly TrajectoryEvent[], call: ToolCall): string[] {
  const calls = events.flatMap((event) => (event.type === 'model' ? event.calls : []));
  return calls
    .slice(
      0,
      calls.findIndex((other) => other.id === call.id),
    )
    .flatMap((other) => {
      const parsed = parseToolCall(other.name, other.arguments);
      return 'request' in parsed && parsed.request.name === 'bash' ? [parsed.request.command] : [];
    });
}

/** Where the shell is after these commands; null once that cannot be told from their text. */
function shellDirectory(commands: readonly string[]): string | null {
  let directory: string | null = startDirectory;
  for (const command of commands) directory = directoryAfter(withoutHeredocs(command), directory);
  return directory;
}

function directoryAfter(command: string, before: string | null): string | null {
  let directory = before;
  for (const [, target = ''] of command.matchAll(/(?:^|[\n;&|({]|\bthen\s|\bdo\s)\s*(?:cd|pushd)\s+([^\s;&|)]+)/g)) {
    const plain = target.replaceAll(/["']/g, '');
    if (/[$`*~]|^-$/.test(plain)) directory = null;
    else if (plain.startsWith('/')) directory = plain;
    else directory = directory === null ? null : posix.join(directory, plain);
  }
  return directory;
}

/** The folder of the entry file that a command runs, if it runs it. */
function entryDirectory(command: string, before: string | null, { entryFile, interpreter }: RunForm): string | null {
  const code = withoutHeredocs(command);
  const run = new RegExp(
    `(?:^|[\\s;&|(/])${escaped(interpreter)}[\\d.]*(?:\\s+-\\w+)*\\s+["']?((?:[^\\s"';&|]*/)?)${escaped(entryFile)}["']?(?=$|[\\s;&|)>])`,
    'g',
  );
  const last = [...code.matchAll(run)].at(-1);
  if (last === undefined) return null;
  const folder = last[1] ?? '';
  if (/[$`*~]/.test(folder)) return null;
  if (folder.startsWith('/')) return posix.normalize(folder).replace(/(.)\/$/, '$1');
  const directory = directoryAfter(code.slice(0, last.index + 1), before);
  return directory === null ? null : posix.join(directory, folder).replace(/(.)\/$/, '$1');
}

/** In Python only a path that is written out tells which program was run. */
function namedDirectory(code: string, { entryFile }: RunForm): string | null {
  const path = new RegExp(`["'\\s](/[\\w./-]+)/${escaped(entryFile)}\\b`).exec(code);
  return path?.[1] ?? null;
}

/** The text of files that a command writes is not part of the command. */
function withoutHeredocs(command: string): string {
  return command.replaceAll(/<<-?\s*(["']?)(\w+)\1([^\n]*)\n[\s\S]*?\n\s*\2(?=\n|$)/g, '$3');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
