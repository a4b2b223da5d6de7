/**
 * What of a long trajectory the model is still shown. Two deterministic means: *masking* shows only the ends of old outputs,
 * in large batches, so that the prefix a provider has cached changes rarely; *cutting* leaves out whole steps, always between
 * one step's results and the next answer, and never the task and the parents. Pure over the events: what is decided is
 * written down as a `compacted` event and read back from there.
 */
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { tokensOfText } from './tokens.ts';

/** How far back the model sees. */
export interface Horizon {
  /** Of long outputs up to this step only the ends are shown. */
  maskedThrough: number;
  /** Steps up to this one are left out. */
  cutThrough: number;
  /** What stands in their place: the model's own words, and what the engine knows. */
  snapshot: string | null;
  state: string | null;
}

/** Sizes in tokens. */
export interface ContextBudget {
  /** Longest answer that is asked for. */
  output: number;
  /** Newest outputs that masking never touches, and what there must be to gain before it acts. */
  protectedOutputs: number;
  leastGain: number;
  /** A request larger than this is compacted by a snapshot. */
  soft: number;
  /** What stays of the newest steps then. */
  kept: number;
}

const assumedContext = 200_000;
const longestAnswer = 32_768;
/** After the provider has called a request too long: its limit lies somewhere below what we had counted. */
const trustAfterOverflow = 0.8;

/** @param contextTokens as the provider says, null if it does not @param events may tell that it is less than that */
export function contextBudget(contextTokens: number | null, events: readonly TrajectoryEvent[]): ContextBudget {
  const refused = events.flatMap((event) =>
    event.type === 'compacted' && event.why === 'overflow' ? [event.tokensBefore * trustAfterOverflow] : [],
  );
  const context = Math.min(contextTokens ?? assumedContext, ...refused);
  const output = Math.min(longestAnswer, Math.floor(context / 4));
  const usable = context - output;
  return {
    output,
    protectedOutputs: Math.min(50_000, context * 0.25),
    leastGain: Math.min(30_000, context * 0.15),
    soft: usable * 0.7,
    kept: usable * 0.3,
  };
}

export function horizonOf(events: readonly TrajectoryEvent[]): Horizon {
  const compacted = events.filter((event) => event.type === 'compacted');
  const cut = compacted.findLast((event) => event.cutThrough > 0);
  return {
    maskedThrough: Math.max(0, ...compacted.map((event) => event.maskedThrough)),
    cutThrough: cut?.cutThrough ?? 0,
    snapshot: cut?.snapshot ?? null,
    state: cut?.state ?? null,
  };
}

/** The events that the model still hears of; the first, with task and parents, is always among them. */
export function visibleEvents(events: readonly TrajectoryEvent[], { cutThrough }: Horizon): TrajectoryEvent[] {
  if (cutThrough === 0) return [...events];
  const cutAt = events.findLastIndex((event) => event.type === 'compacted' && event.cutThrough === cutThrough);
  // What was said after the cut stands, whatever step it belongs to.
  return events.filter((event, index) => event.type === 'started' || index > cutAt || event.step > cutThrough);
}

const longOutput = 2000;
const shownHead = 300;
const shownTail = 600;

/**
 * An old output with its middle left out; its end holds outcome, duration and time left. Short ones stay as they are. That last
 * line is not always as long, and so does not count: in a replay, too, the cut is at the same character.
 */
export function maskedText(text: string, fullTextPath: string | undefined): string {
  const [footer = ''] = /\n\[[^\n]*\]$/.exec(text) ?? [];
  const output = text.slice(0, text.length - footer.length);
  if (output.length <= longOutput) return text;
  const where = fullTextPath === undefined ? '' : `; all of it is in ${fullTextPath}, if that still exists`;
  const left = (output.length - shownHead - shownTail).toLocaleString('en-US');
  return `${output.slice(0, shownHead)}\n[... ${left} characters of this old output left out to save room${where} ...]\n${output.slice(-shownTail)}${footer}`;
}

/**
 * Masks outputs beyond the newest `protectedOutputs` tokens, or does nothing while there is too little to gain.
 * @param scale the provider's tokens per token of ours
 */
export function planMask(events: readonly TrajectoryEvent[], budget: ContextBudget, scale: number): Horizon | null {
  const horizon = horizonOf(events);
  let newest = 0;
  let gain = 0;
  let maskedThrough = 0;
  for (const event of visibleEvents(events, horizon).reverse()) {
    if (event.type !== 'observation') continue;
    const { text, fullTextPath } = event.observation;
    const tokens = tokensOfText(text) * scale;
    newest += tokens;
    if (newest <= budget.protectedOutputs || event.step <= horizon.maskedThrough) continue;
    maskedThrough = Math.max(maskedThrough, event.step);
    gain += tokens - tokensOfText(maskedText(text, fullTextPath)) * scale;
  }
  return gain >= budget.leastGain ? { ...horizon, maskedThrough } : null;
}

/**
 * Leaves out the oldest steps so that about `kept` tokens of the newest stay, one step at least.
 * @returns null if there is no step to leave out
 */
export function planCut(events: readonly TrajectoryEvent[], kept: number, scale: number): Horizon | null {
  const horizon = horizonOf(events);
  const sizes = stepSizes(events, horizon);
  const newestFirst = [...sizes.keys()].sort((a, b) => b - a);
  let total = 0;
  for (const [index, step] of newestFirst.entries()) {
    total += (sizes.get(step) ?? 0) * scale;
    if (index > 0 && total > kept) return { ...horizon, cutThrough: step };
  }
  return null;
}

/**
 * After the provider has refused a request as too long: each time about half of what is shown, then all outputs, then all
 * steps. Nothing is asked of a model.
 * @returns null if nothing is left to leave out
 */
export function planAfterOverflow(events: readonly TrajectoryEvent[]): Horizon | null {
  const horizon = horizonOf(events);
  const shown = visibleEvents(events, horizon).filter((event) => event.type === 'model');
  const newest = shown.at(-1)?.step ?? 0;
  const sizes = [...stepSizes(events, horizon).values()];
  const cut = planCut(events, sizes.reduce((total, size) => total + size, 0) / 2, 1);
  if (cut !== null) return cut;
  if (shown.length > 1) return { ...horizon, cutThrough: newest - 1 };
  if (horizon.maskedThrough < newest) return { ...horizon, maskedThrough: newest };
  return newest > horizon.cutThrough ? { ...horizon, cutThrough: newest } : null;
}

function stepSizes(events: readonly TrajectoryEvent[], horizon: Horizon): Map<number, number> {
  const sizes = new Map<number, number>();
  const add = (step: number, text: string) => sizes.set(step, (sizes.get(step) ?? 0) + tokensOfText(text));
  for (const event of visibleEvents(events, horizon)) {
    if (event.type === 'model') add(event.step, event.reason + JSON.stringify(event.calls));
    if (event.type !== 'observation') continue;
    const { text, fullTextPath } = event.observation;
    add(event.step, event.step <= horizon.maskedThrough ? maskedText(text, fullTextPath) : text);
  }
  return sizes;
}
