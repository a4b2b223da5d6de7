/**
 * Which run or candidate a command is about: the row it was called on, the rows that are selected, what the panel in front
 * shows, or, asked from the command palette, what the person picks.
 */

import * as z from 'zod';
import type { RunView } from '../../../protocol/projection.ts';
import { CandidateId, RunId, type RunSummary } from '../../../protocol/run.ts';
import { formatScore } from '../../../protocol/score.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';
import { takes, type Wish } from '../../../protocol/steering.ts';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { oneLine, shorten } from '../markdown.ts';
import { byScore } from '../runs/candidateOrder.ts';
import { hasProgram, operatorWords, stateWords } from '../runs/candidateRow.ts';
import { isLive, modelWords, moment, standingWords } from '../runs/runRow.ts';
import { refusalWords } from '../runs/steeringWords.ts';
import { choose } from '../ui/ask.ts';
import { CannotError } from './failure.ts';

export interface CandidateRef {
  run: RunId;
  candidate: CandidateId;
}

const Ref = z.object({ run: RunId, candidate: CandidateId });
const RunRef = z.object({ run: RunId });

/** Rows, panels and links all name a candidate in this way. */
export function asCandidate(value: unknown): CandidateRef | null {
  const parsed = Ref.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export function asRun(value: unknown): RunId | null {
  const parsed = RunRef.safeParse(value);
  return parsed.success ? parsed.data.run : null;
}

/**
 * VS Code names a row by a handle, which it forgets while it draws the tree anew: a command that is chosen from a row's menu at
 * such a moment is told of no row. What stands in front or is selected is not what was meant then.
 */
const isRowLost = (args: readonly unknown[]) => args.length > 0 && (args[0] === undefined || args[0] === null);

/** All candidates that a command was called on; empty if none was named or selected. */
export function namedCandidates(app: App, args: readonly unknown[]): CandidateRef[] {
  const [first, many] = args;
  const named = (Array.isArray(many) && many.length > 0 ? many : first === undefined ? [] : [first])
    .map(asCandidate)
    .filter((ref) => ref !== null);
  if (named.length > 0 || args.length > 0) return named;
  const front = app.panels.front();
  if (front !== null) return [front];
  return app.views.runs.selection.map(asCandidate).filter((ref) => ref !== null);
}

export type CandidateFilter = 'any' | 'scored' | 'program' | 'trajectory';

/**
 * The one candidate that a command is about. undefined: the person has picked none.
 * @param wish what will be asked of its run
 * @throws {CannotError} before the person is asked anything, if the run takes no such wish
 */
export async function candidateOf(
  app: App,
  args: readonly unknown[],
  title: string,
  filter: CandidateFilter = 'any',
  wish: Wish | null = null,
): Promise<CandidateRef | undefined> {
  const [named] = namedCandidates(app, args);
  const fits = (summary: RunSummary) => wish === null || takes(summary, wish);
  const run = named?.run ?? (await runOf(app, isRowLost(args) ? args : [], title, fits));
  if (run === undefined) return undefined;
  if (wish !== null) await requireTaken(app.connection.get(), run, wish);
  if (named !== undefined) return named;
  const placeholder = isRowLost(args)
    ? l10n.t('Which candidate? Its row was being drawn anew.')
    : l10n.t('Which candidate?');
  const candidate = await pickCandidate(app, run, title, filter, { placeholder });
  return candidate === undefined ? undefined : { run, candidate };
}

/** @throws {CannotError} if the run takes no such wish any more */
export async function requireTaken(client: AgentServerClient, run: RunId, wish: Wish): Promise<void> {
  const refusal = refusalWords(await client.request('run.get', { run }), wish);
  if (refusal !== null) throw new CannotError(refusal, ['startRun']);
}

export async function pickCandidate(
  app: App,
  run: RunId,
  title: string,
  filter: CandidateFilter,
  {
    without = null,
    placeholder = l10n.t('Which candidate?'),
  }: { without?: CandidateId | null; placeholder?: string } = {},
): Promise<CandidateId | undefined> {
  const choices = await app.followed.look(run, (view) => candidateChoices(view, filter, without));
  if (choices.length === 0) throw new CannotError(l10n.t('This run has no candidate for that yet.'));
  return choose(choices, { title, placeholder });
}

function candidateChoices({ candidates, summary }: RunView, filter: CandidateFilter, without: CandidateId | null) {
  const fits = [...candidates.values()].filter(
    (candidate) =>
      candidate.id !== without &&
      (filter === 'any' ||
        (filter === 'scored' && candidate.search !== null) ||
        (filter === 'program' && hasProgram(candidate)) ||
        (filter === 'trajectory' && candidate.operator !== 'human')),
  );
  fits.sort((a, b) => byScore(a, b, summary.metric.direction) || b.id - a.id);
  return fits.map(({ id, search, state, operator, summary: words, idea = '' }) => ({
    label: `#${id}`,
    description: [search === null ? stateWords(state) : formatScore(search.value), operatorWords(operator)].join(' · '),
    detail: shorten(oneLine(words === '' ? idea : words), 120),
    value: id,
  }));
}

/** The run that a command is about; with one run there is no question. */
export async function runOf(
  app: App,
  args: readonly unknown[],
  title: string,
  fits: (summary: RunSummary) => boolean = () => true,
): Promise<RunId | undefined> {
  const [first] = args;
  const named = asRun(first) ?? (args.length === 0 ? selectedRun(app) : null);
  if (named !== null) return named;
  await app.connection.look();
  const runs = [...app.runs.all()].filter(fits);
  runs.sort((a, b) => Number(isLive(b.state)) - Number(isLive(a.state)) || b.createdAt - a.createdAt);
  const [only] = runs;
  if (only === undefined) throw new CannotError(l10n.t('There is no run for that.'), ['startRun']);
  if (runs.length === 1) return only.id;
  return choose(
    runs.map((run) => ({
      label: run.config.task,
      description: [standingWords(run), modelWords(run.config.model), moment(run.createdAt)].join(' · '),
      detail:
        run.bestSearch === null
          ? ''
          : l10n.t('best {0} by #{1}', formatScore(run.bestSearch.score.value), run.bestSearch.candidate),
      value: run.id,
    })),
    { title, placeholder: l10n.t('Which run?') },
  );
}

function selectedRun(app: App): RunId | null {
  const front = app.panels.front();
  if (front !== null) return front.run;
  const frontRun = app.panels.frontRun();
  if (frontRun !== null) return frontRun;
  const [selected] = app.views.runs.selection;
  return asRun(selected);
}
