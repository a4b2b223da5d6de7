/** Slots over time: what each worked on, how long agents and evaluations took, and when it stood idle. */
import type { Candidate, CandidateId } from '../../protocol/run.ts';
import type { Range } from '../charts/scoreScale.ts';

export interface Bar {
  candidate: CandidateId;
  /** Agents that share a slot lie below each other, from 0. */
  row: number;
  from: number;
  /** Agent before, evaluation after; `to` where there was no evaluation, `from` where there was no agent. */
  submitted: number;
  to: number;
  /** Still at work: it ends at the present. */
  open: boolean;
}

export interface SlotStrip {
  slot: number;
  rows: number;
  /** By their beginnings. */
  bars: Bar[];
  /** Stretches in which nothing ran here, in order. */
  idle: Range[];
  /** Milliseconds; where agents share the slot, each counts. */
  agentMs: number;
  evaluationMs: number;
  idleMs: number;
  /** Of the time shown, 0 to 1. */
  idleShare: number;
}

/**
 * @param candidates any order; those that never came to a slot are left out
 * @param shown from the run's beginning to its end or to now, milliseconds since the epoch
 * @param slots how many the run has: one that never worked is idle all the time
 */
export function slotStrips(candidates: Iterable<Candidate>, shown: Range, slots: number): SlotStrip[] {
  const bySlot = new Map<number, Candidate[]>();
  for (let slot = 0; slot < slots; slot += 1) bySlot.set(slot, []);
  for (const candidate of candidates) {
    const slot = candidate.ranOn ?? candidate.slot;
    if (slot === null) continue;
    const there = bySlot.get(slot);
    if (there === undefined) bySlot.set(slot, [candidate]);
    else there.push(candidate);
  }
  return [...bySlot].sort(([a], [b]) => a - b).map(([slot, work]) => strip(slot, work, shown));
}

function strip(slot: number, work: Candidate[], shown: Range): SlotStrip {
  const bars = placed(work.map((candidate) => barOf(candidate, shown)).sort((a, b) => a.from - b.from || a.to - b.to));
  const idle = gaps(bars, shown);
  const idleMs = idle.reduce((sum, { from, to }) => sum + to - from, 0);
  const span = shown.to - shown.from;
  return {
    slot,
    rows: bars.reduce((most, { row }) => Math.max(most, row + 1), 1),
    bars,
    idle,
    agentMs: bars.reduce((sum, bar) => sum + bar.submitted - bar.from, 0),
    evaluationMs: bars.reduce((sum, bar) => sum + bar.to - bar.submitted, 0),
    idleMs,
    idleShare: span > 0 ? idleMs / span : 0,
  };
}

function barOf({ id, createdAt, submittedAt, endedAt }: Candidate, shown: Range): Bar {
  const clamp = (at: number) => Math.min(Math.max(at, shown.from), shown.to);
  const from = clamp(createdAt);
  const to = Math.max(from, clamp(endedAt ?? shown.to));
  const submitted = Math.min(to, Math.max(from, submittedAt === undefined ? to : clamp(submittedAt)));
  return { candidate: id, row: 0, from, submitted, to, open: endedAt === null };
}

/** Each bar into the first row that is free when it begins. */
function placed(bars: Bar[]): Bar[] {
  const freeAt: number[] = [];
  for (const bar of bars) {
    const free = freeAt.findIndex((at) => at <= bar.from);
    bar.row = free < 0 ? freeAt.length : free;
    freeAt[bar.row] = bar.to;
  }
  return bars;
}

function gaps(bars: readonly Bar[], shown: Range): Range[] {
  const idle: Range[] = [];
  let busyUntil = shown.from;
  for (const { from, to } of bars) {
    if (from > busyUntil) idle.push({ from: busyUntil, to: from });
    busyUntil = Math.max(busyUntil, to);
  }
  if (shown.to > busyUntil) idle.push({ from: busyUntil, to: shown.to });
  return idle;
}

/** Over all slots: the share of their time in which nothing ran. */
export function idleShare(strips: readonly SlotStrip[], shown: Range): number {
  const all = strips.length * (shown.to - shown.from);
  return all > 0 ? strips.reduce((sum, { idleMs }) => sum + idleMs, 0) / all : 0;
}
