/** Gathers what an operator's agent is told from the population. Search scores only; nothing sealed can pass here. */
import type { RunView } from '../../protocol/projection.ts';
import type { Candidate, CandidateId } from '../../protocol/run.ts';
import type { TaskManifest } from '../../protocol/task.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { roundForAgents } from '../evaluation/selection.ts';
import type {
  AttemptLine,
  OperatorContext,
  ParentContext,
  ProgramText,
  TaskContext,
} from '../models/operatorContext.ts';
import { eligibleParents } from './planner.ts';
import { ranks } from './rankSelection.ts';

export interface ContextSources {
  view: RunView;
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

export async function operatorContext(candidate: Candidate, sources: ContextSources): Promise<OperatorContext> {
  if (candidate.operator === 'human') throw new Error(`candidate ${candidate.id} is a person's: no agent makes it`);
  const { view } = sources;
  const { direction } = view.summary.metric;
  const others = [...view.candidates.values()].filter((other) => other.id !== candidate.id);
  const population = eligibleParents(others);
  const rankOf = new Map<CandidateId, number>();
  const populationRanks = ranks(
    population.map((member) => member.search.value),
    direction,
  );
  for (const [index, member] of population.entries())
    rankOf.set(member.id, populationRanks[index] ?? population.length);
  const leaders = [...population]
    .sort((a, b) => (rankOf.get(a.id) ?? 0) - (rankOf.get(b.id) ?? 0))
    .slice(0, leaderCount);

  return {
    operator: candidate.operator,
    task: sources.task,
    hardware: sources.hardware,
    limits: sources.limits,
    parents: await Promise.all(candidate.parents.map((id) => parentContext(id, rankOf, sources))),
    lineage: ancestors(candidate.parents, view).map(attemptLine),
    siblings: others
      .filter((other) => other.parents.some((parent) => candidate.parents.includes(parent)))
      .slice(-siblingCount)
      .map(attemptLine),
    inFlight: others.filter((other) => other.state === 'running' || other.state === 'evaluating').map(attemptLine),
    leaders: leaders.map(attemptLine),
    draftIndex: others.filter((other) => other.operator === 'draft' && other.id < candidate.id).length,
    populationSize: population.length,
    guidance: candidate.guidance ?? null,
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

async function parentContext(
  id: CandidateId,
  rankOf: ReadonlyMap<CandidateId, number>,
  sources: ContextSources,
): Promise<ParentContext> {
  const parent = sources.view.candidates.get(id);
  if (parent === undefined) throw new Error(`parent ${id} is not in the population`);
  const run = parent.evaluation[0];
  const score = parent.search;
  return {
    id,
    summary: parent.summary,
    author: parent.author,
    program: programText(await sources.readProgram(id)),
    score: score === null ? null : roundForAgents(score.value),
    standardError: score === null ? null : roundForAgents(score.standardError),
    rank: rankOf.get(id) ?? null,
    failure: parent.failure === null ? null : `${parent.failure.kind}: ${parent.failure.message}`,
    runtimeS: (run?.durationMs ?? 0) / 1000,
    runtimeCapS: sources.limits.evaluationTimeoutS,
    logTail: (await sources.readLog(id)).slice(-4000),
  };
}

/** Text files of a program; others are named only. */
export function programText(files: ProgramFile[]): ProgramText {
  const text: ProgramText = {};
  for (const file of files) {
    const bytes = Buffer.from(file.contentBase64, 'base64');
    const decoded = bytes.toString('utf8');
    text[file.path] = Buffer.from(decoded, 'utf8').equals(bytes) ? decoded : `(${bytes.length} bytes, not text)`;
  }
  return text;
}

/** Nearest first: parents, their parents, …; a candidate reached twice counts once. */
function ancestors(parents: readonly CandidateId[], view: RunView): Candidate[] {
  const found: Candidate[] = [];
  const seen = new Set<CandidateId>(parents);
  let generation = [...parents];
  while (generation.length > 0 && found.length < lineageLength) {
    const next: CandidateId[] = [];
    for (const id of generation) {
      const member = view.candidates.get(id);
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

function attemptLine(candidate: Candidate): AttemptLine {
  return {
    id: candidate.id,
    parents: candidate.parents,
    operator: candidate.operator,
    summary: candidate.summary,
    score: candidate.search === null ? null : roundForAgents(candidate.search.value),
    state: candidate.state,
    failure: candidate.failure === null ? null : `${candidate.failure.kind}: ${candidate.failure.message}`,
  };
}
