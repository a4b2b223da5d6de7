/**
 * Candidates per second when model and evaluation only sleep, through the real server loop and protocol, against the ideal of
 * a pool that loses no time; and how long a slot stands idle between two assignments. Workers are the product's, around a
 * runner that sleeps, all in one process of their own, so that the server has a process to itself as it has in life.
 */
import { parseArgs } from 'node:util';
import { linearTask } from '../test/support/linearTask.ts';
import { type SimulatedRun, type SimulatedRunOptions, simulatedRun } from './simulation/simulatedRun.ts';

export const description =
  'candidates/s, efficiency and idle gap with sleeps for model and evaluation [--only name,name] [--seconds 24]';

interface Case {
  slots: number;
  agentsPerSlot: number;
  modelMs: number;
  evaluationMs: number;
  /** Candidates per second. */
  bar?: number;
  efficiencyBar?: number;
}

const cases: Record<string, Case> = {
  'slow-1': { slots: 8, agentsPerSlot: 1, modelMs: 2000, evaluationMs: 2000, bar: 1.95 },
  'slow-2': { slots: 8, agentsPerSlot: 2, modelMs: 2000, evaluationMs: 2000, bar: 3.8 },
  'fast-1': { slots: 8, agentsPerSlot: 1, modelMs: 200, evaluationMs: 200, bar: 19 },
  'fast-2': { slots: 8, agentsPerSlot: 2, modelMs: 200, evaluationMs: 200, bar: 36 },
  'wide-64': { slots: 64, agentsPerSlot: 1, modelMs: 2000, evaluationMs: 2000, efficiencyBar: 0.97 },
  'wide-256': { slots: 256, agentsPerSlot: 1, modelMs: 2000, evaluationMs: 2000, efficiencyBar: 0.97 },
};

export async function run(args: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, seconds: { type: 'string', default: '24' } },
  });
  const names = values.only?.split(',') ?? Object.keys(cases);
  const results: Record<string, unknown> = {};
  for (const name of names) {
    const one = cases[name];
    if (one === undefined) throw new Error(`there is no case ${name}; cases: ${Object.keys(cases).join(', ')}`);
    await using toy = await linearTask();
    results[name] = measured(one, await simulatedRun(toy, sized(one, Number(values.seconds))));
    process.stderr.write(`${name} ${JSON.stringify(results[name])}\n`);
  }
  return results;
}

/** Candidates per second of a pool that loses no time: with several agents on a slot its device is what is scarce. */
function ideal({ slots, agentsPerSlot, modelMs, evaluationMs }: Case): number {
  const agents = (slots * agentsPerSlot * 1000) / (modelMs + evaluationMs);
  return Math.min(agents, (slots * 1000) / evaluationMs);
}

/** As many candidates as the ideal pool makes in the time, in whole rounds, and one round more that is not counted. */
function sized(one: Case, seconds: number): SimulatedRunOptions {
  const lanes = one.slots * one.agentsPerSlot;
  const rounds = Math.max(3, Math.round((ideal(one) * seconds) / lanes));
  return { ...one, candidates: lanes * (rounds + 1) };
}

/** From the end of the first round to the end of the last but one: start and end of a run are no steady state. */
function measured(one: Case, { scored, moments, failed, startedAt, serverCpuMs, workersCpuMs }: SimulatedRun) {
  const lanes = one.slots * one.agentsPerSlot;
  const first = scored[lanes - 1]?.at ?? Number.NaN;
  const last = scored[scored.length - lanes - 1]?.at ?? Number.NaN;
  const counted = scored.length - 2 * lanes;
  const rate = (counted * 1000) / (last - first);
  const seconds = ((scored.at(-1)?.at ?? Number.NaN) - startedAt) / 1000;
  return {
    ...one,
    candidates: scored.length,
    failed,
    candidatesPerSecond: round(rate, 3),
    ideal: round(ideal(one), 3),
    efficiency: round(rate / ideal(one), 4),
    cpuPerCandidateMs: {
      server: round(serverCpuMs / scored.length, 2),
      workers: round(workersCpuMs / scored.length, 2),
    },
    busyCores: round((serverCpuMs + workersCpuMs) / seconds / 1000, 2),
    ...(one.agentsPerSlot > 1
      ? {}
      : {
          /** From the announcement of a score to the arrival of the next assignment at the worker. */
          freeToAssignedMs: quantiles(
            gaps(
              scored.map(({ slot, at }) => ({ slot, at })),
              moments,
            ),
          ),
          /** From the end of the evaluation at the worker: delivery, scoring and what must be on disk are in it. */
          evaluatedToAssignedMs: quantiles(
            gaps(
              moments.filter(({ what }) => what === 'evaluated'),
              moments,
            ),
          ),
        }),
  };
}

/** From each moment at which a slot came free to the next assignment that it got. */
function gaps(free: { slot: number; at: number }[], moments: SimulatedRun['moments']): number[] {
  const opened = Map.groupBy(
    moments.filter(({ what }) => what === 'opened'),
    ({ slot }) => slot,
  );
  return free.flatMap(({ slot, at }) => {
    const next = opened.get(slot)?.find((moment) => moment.at >= at);
    return next === undefined ? [] : [next.at - at];
  });
}

function quantiles(values: number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0, 2);
  return { p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
