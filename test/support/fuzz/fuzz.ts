/** Runs a target on damaged input, case after case, and tells what went wrong: crashes, hangs, leaks. */
import { readdirSync, readFileSync } from 'node:fs';
import { hasCode } from '../../../protocol/thrown.ts';
import { SeededRandom } from '../seededRandom.ts';

export interface FuzzSession {
  /** One case. @returns a word for what came of it, to be counted @throws if that must not happen */
  attempt(random: SeededRandom, index: number): string | Promise<string>;
  /** Lets go of what the last cases hold open. */
  quiet?(): Promise<void>;
  /** What can be checked only when all is over. @throws if something is wrong */
  settle?(): Promise<void>;
  /** What else came of the cases, counted. */
  tally?(): Record<string, number>;
  /** Processes whose memory and descriptors are watched. Default: this one. */
  watched?: number[];
  close(): Promise<void>;
}

export interface FuzzTarget {
  name: string;
  /** A case that takes longer has hung, in milliseconds. */
  deadlineMs: number;
  start(seed: number): Promise<FuzzSession>;
}

export interface FuzzReport {
  cases: number;
  seed: number;
  seconds: number;
  outcomes: Record<string, number>;
  problems: { index: number; what: string }[];
  slowestMs: number;
  /** Before the first case, after a fifth of them, two fifths, … all: what grows with the cases shows here. */
  rssMb: number[];
  descriptors: number[];
}

export interface FuzzOptions {
  seed: number;
  cases: number;
  /** Default 0: this case alone can be had again with `from` and `cases` 1. */
  from?: number;
  onProgress?: (done: number) => void;
}

const mostProblems = 20;

export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, cases, from = 0, onProgress } = options;
  const report: FuzzReport = {
    ...{ cases: 0, seed, seconds: 0, outcomes: {}, problems: [], slowestMs: 0, rssMb: [], descriptors: [] },
  };
  let index = from;
  const note = (error: unknown) => report.problems.push({ index, what: wordsOf(error) });
  const began = performance.now();
  const session = await target.start(seed);
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  try {
    measure(session, report);
    for (; index < from + cases && report.problems.length < mostProblems; index += 1) {
      const caseBegan = performance.now();
      try {
        const outcome = await inTime(
          session.attempt(new SeededRandom(seed * 1_000_003 + index), index),
          target.deadlineMs,
        );
        report.outcomes[outcome] = (report.outcomes[outcome] ?? 0) + 1;
      } catch (error) {
        note(error);
      }
      report.cases += 1;
      report.slowestMs = Math.max(report.slowestMs, performance.now() - caseBegan);
      if (report.slowestMs > target.deadlineMs) note(new Error(`took ${Math.round(report.slowestMs)} ms`));
      if (report.cases % Math.ceil(cases / 5) === 0 && report.cases < cases) measure(session, report);
      if (report.cases % 500 === 0) {
        // Lets timers and sockets have their turn, whatever the target does.
        await new Promise((resolve) => setImmediate(resolve));
        onProgress?.(report.cases);
      }
    }
    await session.quiet?.();
    measure(session, report);
    await session.settle?.().catch(note);
    Object.assign(report.outcomes, session.tally?.());
  } finally {
    await session.close();
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  }
  report.slowestMs = Math.round(report.slowestMs);
  report.seconds = Math.round((performance.now() - began) / 100) / 10;
  return report;
}

function measure({ watched = [process.pid] }: FuzzSession, report: FuzzReport): void {
  globalThis.gc?.();
  const resident = watched.map((pid) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  );
  report.rssMb.push(Math.round(resident.reduce((sum, kb) => sum + kb, 0) / 1024));
  report.descriptors.push(watched.reduce((sum, pid) => sum + descriptorsOf(pid), 0));
}

/** 0 where we may not look: the process has become another user. */
function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch (error) {
    if (hasCode(error, 'EACCES')) return 0;
    throw error;
  }
}

async function inTime<T>(work: T | Promise<T>, ms: number): Promise<T> {
  if (!(work instanceof Promise)) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function wordsOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.slice(0, 1500);
}
