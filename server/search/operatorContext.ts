/** Gathers what an operator's agent is told from the population. Search scores only; nothing sealed can pass here. */
import type { Candidate, CandidateId } from '../../protocol/run.ts';
import type { RunSwitches } from '../../protocol/runSwitches.ts';
import type { TaskManifest } from '../../protocol/task.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { roundForAgents } from '../evaluation/selection.ts';
import type { AttemptLine, OperatorContext, ParentContext, TaskContext } from '../models/operatorContext.ts';
import { programText } from '../models/programText.ts';
import type { Population } from './population.ts';

export interface ContextSources {
  population: Population;
  switches: RunSwitches;
  task: TaskContext;
  hardware: OperatorContext['hardware'];
  limits: OperatorContext['limits'];
  readProgram: (id: CandidateId) => Promise<ProgramFile[]>;
  /** Tail of the search run's evaluation log. */
  readLog: (id: CandidateId) => Promise<string>;
}

const lineageLength = 8;
const leaderCount = 10;
const siblingCount = 20;
/** With hundreds of slots the newest are enough to keep away from. */
const inFlightCount = 40;
/** An agent on its own draws one of so many kinds of first programs: twice as many as anybody tells apart. */
const draftKinds = 16;

export async function operatorContext(candidate: Candidate, sources: ContextSources): Promise<OperatorContext> {
  if (candidate.operator === 'human') throw new Error(`candidate ${candidate.id} is a person's: no agent makes it`);
  return {
    operator: candidate.operator,
    task: sources.task,
    hardware: sources.hardware,
    limits: sources.limits,
    parents: await Promise.all(candidate.parents.map((id) => parentContext(id, sources))),
    lineage: ancestors(candidate.parents, sources.population).map(attemptLine),
    ...othersFor(candidate, sources),
    ...(sources.switches.evaluation === 'hidden' ? {} : { evaluation: sources.switches.evaluation }),
    guidance: candidate.guidance ?? null,
  };
}

/** What an agent hears of others, by the run's search mode. */
function othersFor(
  candidate: Candidate,
  { population, switches }: ContextSources,
): Pick<OperatorContext, 'siblings' | 'inFlight' | 'leaders' | 'draftIndex' | 'populationSize' | 'isolated'> {
  const { id } = candidate;
  if (switches.search === 'best-of-k')
    // Which family it begins with is drawn, too, for whoever goes by the number: the agent knows of no others.
    return {
      siblings: [],
      inFlight: [],
      leaders: [],
      draftIndex: candidate.seed % draftKinds,
      populationSize: 0,
      isolated: true,
    };
  const inFlight = population
    .atWork()
    .filter((other) => other.id !== id)
    .slice(-inFlightCount)
    .map(attemptLine);
  const draftIndex = population.draftsBefore(id);
  if (switches.search === 'random-drafts')
    return {
      siblings: population.latestDrafts(siblingCount, id).map(withoutOutcome),
      inFlight,
      leaders: [],
      draftIndex,
      populationSize: 0,
    };
  return {
    // A first program has no parents: its siblings are those of the other first ones that are done.
    siblings: (candidate.operator === 'draft'
      ? population.latestDrafts(siblingCount, id)
      : siblings(candidate, population)
    ).map(attemptLine),
    inFlight,
    leaders: population.leaders(leaderCount).map(attemptLine),
    draftIndex,
    populationSize: population.size,
  };
}

/** The task as agents see it. */
export function taskContext(manifest: TaskManifest, description: string, dataCard: string): TaskContext {
  return {
    id: manifest.id,
    title: manifest.title,
    modality: manifest.modality,
    description,
    warnings: manifest.warnings,
    dataCard,
    metric: {
      name: manifest.metric.name,
      direction: manifest.metric.direction,
      optimum: manifest.metric.optimum ?? null,
    },
    prediction: manifest.prediction,
    target: manifest.data.target,
    horizon: manifest.split.horizon ?? null,
    view: manifest.view.mode,
    run: manifest.run.cmd,
  };
}

async function parentContext(id: CandidateId, sources: ContextSources): Promise<ParentContext> {
  const parent = sources.population.get(id);
  if (parent === undefined) throw new Error(`parent ${id} is not in the population`);
  const run = parent.evaluation[0];
  const score = parent.search;
  return {
    id,
    summary: parent.summary,
    author: parent.author,
    program: programText(await sources.readProgram(id), sources.task.run),
    score: score === null ? null : roundForAgents(score.value),
    standardError: score === null ? null : roundForAgents(score.standardError),
    rank: sources.population.rankOf(id),
    failure: parent.failure === null ? null : `${parent.failure.kind}: ${parent.failure.message}`,
    runtimeS: (run?.durationMs ?? 0) / 1000,
    runtimeCapS: sources.limits.evaluationTimeoutS,
    logTail: (await sources.readLog(id)).slice(-4000),
  };
}

/** Nearest first: parents, their parents, …; a candidate reached twice counts once. */
function ancestors(parents: readonly CandidateId[], population: Population): Candidate[] {
  const found: Candidate[] = [];
  const seen = new Set<CandidateId>(parents);
  let generation = [...parents];
  while (generation.length > 0 && found.length < lineageLength) {
    const next: CandidateId[] = [];
    for (const id of generation) {
      const member = population.get(id);
      if (member === undefined) continue;
      found.push(member);
      for (const parent of member.parents)
        if (!seen.has(parent)) {
          seen.add(parent);
          next.push(parent);
        }
    }
    generation = next;
  }
  return found.slice(0, lineageLength);
}

/** Other children of the same parents, the newest of them, oldest first. */
function siblings({ id, parents }: Candidate, population: Population): Candidate[] {
  const ids = new Set(parents.flatMap((parent) => population.children(parent).slice(-siblingCount - 1)));
  ids.delete(id);
  return [...ids]
    .sort((a, b) => a - b)
    .slice(-siblingCount)
    .flatMap((sibling) => population.get(sibling) ?? []);
}

function attemptLine(candidate: Candidate): AttemptLine {
  return {
    id: candidate.id,
    parents: candidate.parents,
    operator: candidate.operator,
    summary: isAtWork(candidate) ? (candidate.idea ?? candidate.summary) : candidate.summary,
    score: candidate.search === null ? null : roundForAgents(candidate.search.value),
    state: candidate.state,
    failure: candidate.failure === null ? null : `${candidate.failure.kind}: ${candidate.failure.message}`,
  };
}

function isAtWork({ state }: Candidate): boolean {
  return state === 'running' || state === 'evaluating';
}

/** What was tried, not how it went. */
function withoutOutcome(candidate: Candidate): AttemptLine {
  return { ...attemptLine(candidate), score: null, failure: null };
}
