/** All that a plot of the population shows, worked out once for each change of data or options; drawing only reads it. */
import type { ReferenceLine } from '../../protocol/panels.ts';
import type { CandidateId } from '../../protocol/run.ts';
import type { BestStep } from '../charts/bestSoFar.ts';
import {
  type Range,
  type ScoreDomain,
  type ScoreMode,
  type ScoreScale,
  scoreDomain,
  scoreScale,
} from '../charts/scoreScale.ts';
import { type Across, type Edges, lineageEdges, type PointCloud, pointCloud } from './pointCloud.ts';
import type { RunModel } from './runModel.ts';

export interface PlotOptions {
  scoreMode: ScoreMode;
  /** Wild scores on the bad side are drawn at the edge. */
  clip: boolean;
  across: Across;
}

export interface PlacedReference extends ReferenceLine {
  coordinate: number;
}

export interface PopulationScene {
  scale: ScoreScale;
  domain: ScoreDomain;
  across: Range;
  /** The present: as far as anything is known. */
  last: number;
  cloud: PointCloud;
  edges: Edges;
  references: PlacedReference[];
  /** What a person has taken out of the search, and what a person keeps in view. */
  excluded: ReadonlySet<CandidateId>;
  pinned: ReadonlySet<CandidateId>;
  /** Of the best so far: where it comes in, and its coordinate. */
  best: (BestStep & { x: number; y: number })[];
}

export function populationScene(model: RunModel, { scoreMode, clip, across }: PlotOptions): PopulationScene {
  const { summary, candidates, references } = model;
  const scores: number[] = [];
  const [excluded, pinned] = [new Set<CandidateId>(), new Set<CandidateId>()];
  for (const candidate of candidates.values()) {
    if (candidate.search !== null) scores.push(candidate.search.value);
    if (candidate.excluded === true) excluded.add(candidate.id);
    if (candidate.pinned === true) pinned.add(candidate.id);
  }
  const all = [...scores, ...references.map(({ score }) => score)];
  const scale = scoreScale(summary.metric.direction, scoreMode, all);
  const placed = references.map((line) => ({ ...line, coordinate: scale.coordinate(line.score) }));
  const domain = scoreDomain(scores.map(scale.coordinate), {
    clip,
    references: placed.map(({ coordinate }) => coordinate),
  });
  const now = model.now();
  const cloud = pointCloud(candidates, {
    scale,
    domain,
    across,
    ended: model.ended,
    createdAt: summary.createdAt,
    now,
  });
  const last = cloud.x.reduce((most, x) => Math.max(most, x), across === 'order' ? 1 : Math.max(1, model.elapsed()));
  return {
    scale,
    domain,
    across: { from: across === 'order' ? 0.5 : 0, to: last * 1.015 + (across === 'order' ? 0.5 : 0) },
    last,
    cloud,
    edges: lineageEdges(cloud, candidates),
    references: placed,
    excluded,
    pinned,
    best: model.best.steps.map((step) => ({
      ...step,
      x: cloud.x[cloud.indexOf.get(step.candidate) ?? -1] ?? step.at,
      y: Math.max(scale.coordinate(step.score), domain.from),
    })),
  };
}
