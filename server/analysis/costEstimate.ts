/** What a run is likely to take: from stated assumptions before there is anything to measure, then from its own candidates. */
import { type CostEstimate, formatCost, formatTokens, formatUsd, type Price, tokensOf } from '../../protocol/cost.ts';
import type { RunView } from '../../protocol/projection.ts';
import type { RunConfig, RunSummary } from '../../protocol/run.ts';
import { costOf } from '../models/prices/cost.ts';

/** An agent's trajectory as language models usually make it. */
const assumed = { steps: 25, firstPrompt: 9000, growth: 2500, cachedShare: 0.7, output: 1500 };

/** @param price null: unpriced */
export function assumedEstimate(
  config: Pick<RunConfig, 'operators' | 'maxSteps' | 'candidates'>,
  price: Price | null,
): CostEstimate {
  const steps = config.operators === 'single-turn' ? 1 : Math.min(assumed.steps, config.maxSteps);
  let tokens = 0;
  let costUsd = price === null ? null : 0;
  for (let step = 0; step < steps; step += 1) {
    const input = assumed.firstPrompt + step * assumed.growth;
    const cachedInput = step === 0 ? 0 : Math.round(input * assumed.cachedShare);
    tokens += input + assumed.output;
    const cost = costOf({ input, cachedInput, output: assumed.output, thoughts: 0 }, price);
    if (costUsd !== null && cost !== null) costUsd += cost;
  }
  const growth = `${formatTokens(assumed.growth)} tokens a step`;
  const because = `assumes ${steps} steps, a first prompt of ${formatTokens(assumed.firstPrompt)} tokens that grows by ${growth}, ${assumed.cachedShare * 100} % of it cached, and ${formatTokens(assumed.output)} tokens of answer and thoughts a step`;
  return whole('assumed', because, { tokens, costUsd }, config);
}

/** By the mean of the candidates that have ended; null before the first, or where none made a call. */
export function measuredEstimate({
  summary,
  candidates,
}: Pick<RunView, 'summary' | 'candidates'>): CostEstimate | null {
  let ended = 0;
  let tokens = 0;
  let costUsd = 0;
  let unpriced = 0;
  for (const { state, operator, spent } of candidates.values()) {
    if (operator === 'human' || (state !== 'scored' && state !== 'failed')) continue;
    ended += 1;
    if (spent === undefined) continue;
    tokens += tokensOf(spent);
    costUsd += spent.costUsd;
    unpriced += spent.unpricedCalls;
  }
  if (ended === 0 || tokens === 0) return null;
  const because = `the mean of ${ended} candidate${ended === 1 ? '' : 's'} of this run`;
  const candidate = { tokens: tokens / ended, costUsd: unpriced > 0 ? null : costUsd / ended };
  return whole('measured', because, candidate, summary.config);
}

function whole(
  basis: CostEstimate['basis'],
  because: string,
  candidate: CostEstimate['candidate'],
  { candidates }: Pick<RunConfig, 'candidates'>,
): CostEstimate {
  const times = (one: number | null) => (one === null || candidates === null ? null : one * candidates);
  const run = { candidates, tokens: times(candidate.tokens), costUsd: times(candidate.costUsd) };
  return { basis, because, candidate, run };
}

/** One line for a person. */
export function estimateWords({ because, candidate, run }: CostEstimate): string {
  const of = ({ tokens, costUsd }: { tokens: number; costUsd: number | null }) =>
    `${costUsd === null ? '' : `${formatUsd(costUsd)}, `}${formatTokens(tokens)} tokens`;
  const all =
    run.candidates === null || run.tokens === null
      ? ''
      : `; ${of({ tokens: run.tokens, costUsd: run.costUsd })} for ${run.candidates} candidates`;
  return `about ${of(candidate)} a candidate${all} (${because})`;
}

/** What calls have taken and may take, a line each; none for a run that made no calls. */
export function spendingLines({ spent, config, price, outage, gpus, gpuMs }: RunSummary): string[] {
  const lines: string[] = [];
  const { costUsd, tokens, gpuHours } = config.budget ?? {};
  if (spent.calls > 0) {
    const cached = spent.input === 0 ? 0 : Math.round((100 * spent.cachedInput) / spent.input);
    const out = `${formatTokens(spent.output)} out, ${formatTokens(spent.thoughts)} of thoughts`;
    const source = price == null || price.asOf === '' ? '' : `; prices: ${price.source}, as of ${price.asOf}`;
    lines.push(
      `${formatCost(spent)} for ${spent.calls} calls: ${formatTokens(spent.input)} tokens in (${cached} % cached), ${out}${source}`,
    );
  }
  if (costUsd !== undefined) lines.push(`cost budget: ${share(spent.costUsd, costUsd)} of $${costUsd}`);
  if (tokens !== undefined) lines.push(`token budget: ${share(tokensOf(spent), tokens)} of ${formatTokens(tokens)}`);
  if (gpuHours !== undefined)
    lines.push(`GPU-hours: ${share(gpuMs / 3_600_000, gpuHours)} of ${gpuHours}, on ${gpus} GPUs`);
  if (outage !== null) lines.push(`the model provider does not answer, agents wait: ${outage}`);
  return lines;
}

const share = (used: number, whole: number) => `${Math.round((100 * used) / whole)} %`;
