/** What the Start form is given, made up: tasks, a machine, and plans for whatever is asked. */
import type { RunSettings } from '../../protocol/client.ts';
import type { TaskListing } from '../../protocol/clientViews.ts';
import type { RunPlan, ToStartPanel } from '../../protocol/panels.ts';
import type { PanelMessage } from './panelPage.ts';

export const sampleTasks: TaskListing[] = [
  {
    id: 'birdstrikes',
    version: 1,
    title: 'Damage by wildlife strikes on aircraft',
    modality: 'tabular',
    metric: { name: 'log_loss', direction: 'minimize' },
    builtin: true,
    prepared: true,
    counts: { train: 5950, search: 1275, validation: 1275, test: 1500 },
    problem: null,
    manifest: '/opt/aira2/tasks/birdstrikes/task.yaml',
  },
  {
    id: 'yields',
    version: 2,
    title: 'Yields of the pilot plant',
    modality: 'time-series',
    metric: { name: 'mase', direction: 'minimize' },
    builtin: false,
    prepared: false,
    counts: null,
    problem: null,
    manifest: '/home/kim/plant/task.yaml',
  },
  {
    id: 'broken',
    version: 1,
    title: 'A manifest with a mistake',
    modality: 'tabular',
    metric: { name: 'rmse', direction: 'minimize' },
    builtin: false,
    prepared: false,
    counts: null,
    problem: 'line 4: target is missing',
    manifest: '/home/kim/broken/task.yaml',
  },
];

export function sampleStart(
  changes: Partial<Extract<ToStartPanel, { type: 'reset' }>> = {},
): Extract<ToStartPanel, { type: 'reset' }> {
  return {
    type: 'reset',
    tasks: sampleTasks,
    task: 'birdstrikes@1',
    settings: { model: 'gemini:gemini-3.1-pro-preview', candidates: 12, budget: { costUsd: 5 } },
    machine: {
      cpus: 32,
      gpus: [0, 1].map((index) => ({
        uuid: `GPU-${index}`,
        index,
        name: 'NVIDIA H100 80GB HBM3',
        utilizationPercent: 0,
        memoryUsedMb: 0,
        memoryTotalMb: 81_559,
        temperatureC: 35,
        powerW: 70,
      })),
      sandboxes: ['bwrap', 'podman'],
      pythonProblem: null,
      keyVariables: [],
    },
    offered: [],
    keys: ['gemini'],
    ...changes,
  };
}

/** Completed the way a server does it, as far as the form shows it. */
export function samplePlan(settings: RunSettings): RunPlan {
  const isFree = settings.model === 'heuristic';
  const isUnpriced = settings.model?.includes('@') === true && settings.price === undefined;
  const { hours, budget = {} } = settings;
  const isBounded = [hours, budget.costUsd, budget.tokens, budget.gpuHours].some((bound) => bound !== undefined);
  const candidates = settings.candidates ?? (isBounded ? null : 24);
  return {
    settings: {
      workers: 2,
      agentsPerSlot: 1,
      seed: 1,
      temperature: 0.2,
      crossover: 0.15,
      drafts: 4,
      maxSteps: 60,
      sandbox: 'bwrap',
      ...settings,
      ...(candidates === null ? {} : { candidates }),
    },
    estimate: isFree
      ? null
      : {
          basis: 'assumed',
          because: 'Assumed from 25 steps for each candidate, and what they take on average.',
          candidate: { tokens: 900_000, costUsd: isUnpriced ? null : 0.41 },
          run: {
            candidates,
            tokens: candidates === null ? null : candidates * 900_000,
            costUsd: isUnpriced || candidates === null ? null : candidates * 0.41,
          },
        },
    price:
      isFree || isUnpriced
        ? null
        : {
            tiers: [{ abovePromptTokens: 0, input: 2, cachedInput: 0.2, output: 12 }],
            source: 'ai.google.dev',
            asOf: '2025-12-18',
          },
    modelLabel: isFree ? 'Built-in heuristic (no LLM)' : (settings.model ?? ''),
    warnings:
      (settings.budget?.costUsd ?? 100) < 4
        ? ['The run is likely to cost more than its budget: it ends when that is used up.']
        : [],
  };
}

/** An extension host that plans whatever it is asked to. */
export function planningHost(message: PanelMessage): object[] {
  return message.type === 'plan'
    ? [{ type: 'plan', number: message.number, plan: samplePlan(message.settings as RunSettings) }]
    : [];
}
