/**
 * What a program says of itself. With self-reported evaluation (the paper's "No HCE", §4.3.2) this is the search score; else
 * nobody asks. The last such line of its output counts, as agents of earlier systems were read (AIDE, aira-dojo).
 */
import type { Score } from '../../protocol/run.ts';

const line = /\blocal holdout [^\s=]+ ?= ?(\S+)/g;

/** The line as a program is asked to print it. */
export function selfReportExample(metric: string): string {
  return `local holdout ${metric.replaceAll(/\s+/g, '-')}=0.1234`;
}

/** Null if the program said nothing, or nothing finite. Only the end of a long log is known. */
export function selfReportIn(log: string): Score | null {
  const last = [...log.matchAll(line)].at(-1)?.[1] ?? 'none';
  const value = Number(last.replace(/[,;)]+$/, ''));
  return Number.isFinite(value) ? { value, standardError: 0, rows: 1, selfReported: true } : null;
}
