/**
 * What the engine itself knows of an agent's work, for the place where older steps are left out: it comes from calls and
 * observations alone, never from a summary that a model has written. Pure over the events.
 */
import type { ToolCall, TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { OperatorContext } from '../models/operatorContext.ts';
import { parseToolCall } from './tools.ts';

const longestLine = 200;
const shownScores = 12;
const shownAttempts = 40;
const shownPaths = 8;

/** @param standing where the agent stands in steps and time, in words */
export function workingState(
  events: readonly TrajectoryEvent[],
  { metric }: Pick<OperatorContext['task'], 'metric'>,
  standing: string,
): string {
  const sections = [
    `Now: ${standing}.`,
    list('Files you worked on, latest first', pathsOf(events)),
    list(
      `Lines with scores in your outputs (your own measurements; ${metric.direction} ${metric.name})`,
      scoresOf(events, metric),
    ),
    list('What you did', attemptsOf(events)),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

/** Source files below /workspace that calls have named. */
function pathsOf(events: readonly TrajectoryEvent[]): string[] {
  const found = new Set<string>();
  for (const event of events.toReversed()) {
    if (event.type !== 'model') continue;
    for (const call of event.calls) {
      for (const [path] of codeOf(call).matchAll(/\/workspace\/[\w./-]+\.\w{1,5}\b/g)) found.add(path);
      if (call.name === 'submit') found.add(`${codeOf(call)} (tried to submit it)`);
    }
  }
  return [...found].slice(0, shownPaths);
}

function scoresOf(events: readonly TrajectoryEvent[], metric: OperatorContext['task']['metric']): string[] {
  const name = metric.name.replaceAll(/[^\w]+/g, '\\W*');
  const isScore = new RegExp(`\\b(${name}|score|cv|oof|fold|valid(ation)?|holdout)\\b.*\\d`, 'i');
  const measured = new RegExp(`\\b${name}\\b[^\\d\\n-]{0,20}(-?\\d+(?:\\.\\d+)?(?:e[-+]?\\d+)?)`, 'i');
  const lines: string[] = [];
  let best: { line: string; value: number } | null = null;
  for (const event of events) {
    if (event.type !== 'observation') continue;
    for (const text of event.observation.text.split('\n')) {
      if (text.length > longestLine || !isScore.test(text)) continue;
      const line = `step ${event.step}: ${text.trim()}`;
      lines.push(line);
      const value = Number(measured.exec(text)?.[1] ?? Number.NaN);
      if (Number.isNaN(value)) continue;
      if (best === null || (metric.direction === 'minimize' ? value < best.value : value > best.value))
        best = { line, value };
    }
  }
  const latest = lines.slice(-shownScores);
  return best === null || latest.includes(best.line) ? latest : [`best: ${best.line}`, ...latest];
}

/** One line for each call, oldest first: its step, its first telling line, and how it ended. */
function attemptsOf(events: readonly TrajectoryEvent[]): string[] {
  const outcomes = new Map<string, string>();
  for (const event of events) if (event.type === 'observation') outcomes.set(event.callId, event.observation.outcome);
  const lines = events.flatMap((event) =>
    event.type !== 'model'
      ? []
      : event.calls.map((call) => {
          const why = firstLine(event.reason);
          const what = `${call.name}: ${firstLine(codeOf(call))}`;
          return `step ${event.step} (${outcomes.get(call.id) ?? 'open'}) ${why === '' ? what : `${why} → ${what}`}`;
        }),
  );
  const left = lines.length - shownAttempts;
  return left > 0 ? [`(${left} earlier calls)`, ...lines.slice(left)] : lines;
}

function codeOf(call: ToolCall): string {
  const parsed = parseToolCall(call.name, call.arguments);
  if ('problem' in parsed) return '(bad arguments)';
  switch (parsed.request.name) {
    case 'bash':
      return parsed.request.command;
    case 'python':
      return parsed.request.code;
    case 'submit':
      return parsed.request.directory;
  }
}

function firstLine(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '' && !one.trim().startsWith('#')) ?? '';
  const clean = line.trim();
  return clean.length <= longestLine ? clean : `${clean.slice(0, longestLine)} …`;
}
