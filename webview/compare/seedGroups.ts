/** Runs that differ in nothing but their seed are one group: its spread is what luck does. */
import type { ComparedRun } from '../../protocol/panels.ts';
import type { RunConfig } from '../../protocol/run.ts';
import { switchesOf } from '../../protocol/switchWords.ts';
import { plainLine } from '../charts/plainLine.ts';

export interface SeedGroup {
  /** The same for the same settings, whatever else is shown. */
  key: string;
  /** What sets this group apart from the others that are shown. */
  label: string;
  /** By their seeds. */
  runs: ComparedRun[];
}

/** In the order in which their first runs were created. */
export function seedGroups(runs: readonly ComparedRun[]): SeedGroup[] {
  const byKey = new Map<string, ComparedRun[]>();
  for (const run of [...runs].sort((a, b) => a.summary.createdAt - b.summary.createdAt)) {
    const key = settingsKey(run.summary.config);
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [run]);
    else group.push(run);
  }
  const configs = [...byKey.values()].flatMap(([first]) => (first === undefined ? [] : [first.summary.config]));
  return [...byKey].map(([key, members]) => ({
    key,
    label: plainLine(labelOf(members[0]?.summary.config, configs), 160),
    runs: members.sort((a, b) => a.summary.config.seed - b.summary.config.seed),
  }));
}

/** All settings but the seed, whatever the order of their fields. */
function settingsKey({ seed: _, ...settings }: RunConfig): string {
  return JSON.stringify(sorted(settings));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

/** The fields of a run's settings that a reader tells runs apart by, and how each reads. */
const traits: readonly [name: string, read: (config: RunConfig) => string][] = [
  ['model', ({ model }) => model],
  ['switches', (config) => switchesOf(config).join(', ') || 'whole method'],
  ['workers', ({ workers }) => counted(workers, 'worker')],
  ['agentsPerSlot', ({ agentsPerSlot }) => `${agentsPerSlot} per slot`],
  [
    'candidates',
    ({ candidates }) => (candidates === null ? 'no bound on candidates' : counted(candidates, 'candidate')),
  ],
  ['hours', ({ hours }) => (hours === null ? 'no bound on time' : `${hours} h`)],
  ['temperature', ({ temperature }) => `T ${temperature}`],
  ['crossover', ({ crossover }) => `crossover ${crossover}`],
  ['drafts', ({ drafts }) => counted(drafts, 'draft')],
  ['maxSteps', ({ maxSteps }) => `${maxSteps} steps`],
  ['budget', ({ budget }) => (budget === undefined ? 'no budget' : budgetLabel(budget))],
  ['rates', ({ rates }) => (rates === undefined ? 'no rates' : `rates ${JSON.stringify(rates)}`)],
  ['sandbox', ({ sandbox, image }) => (image === undefined ? sandbox : `${sandbox} ${image}`)],
  ['replayOf', ({ replayOf }) => (replayOf === undefined ? 'not a replay' : `replay of ${replayOf}`)],
  ['taskVersion', ({ taskVersion }) => `task version ${taskVersion}`],
];

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function budgetLabel({ costUsd, tokens, gpuHours }: NonNullable<RunConfig['budget']>): string {
  const parts = [
    ...(costUsd === undefined ? [] : [`$${costUsd}`]),
    ...(tokens === undefined ? [] : [`${tokens} tokens`]),
    ...(gpuHours === undefined ? [] : [counted(gpuHours, 'GPU-hour')]),
  ];
  return parts.length === 0 ? 'bounds per candidate' : parts.join(', ');
}

function labelOf(config: RunConfig | undefined, all: readonly RunConfig[]): string {
  if (config === undefined) return '';
  const telling = traits.filter(([, read]) => new Set(all.map(read)).size > 1);
  return (telling.length === 0 ? traits.slice(0, 1) : telling).map(([, read]) => read(config)).join(' · ');
}
