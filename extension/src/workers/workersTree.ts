/** The nodes of the Workers view, and their rows: live runs, their slots, and what each agent does for how long. */
import type { SlotActivity, SlotView } from '../../../protocol/clientViews.ts';
import { duration } from '../../../protocol/duration.ts';
import type { CandidateId, RunId, RunSummary } from '../../../protocol/run.ts';
import type { GpuReading } from '../../../protocol/worker.ts';
import { l10n } from '../localisation.ts';
import { oneLine } from '../markdown.ts';
import { modelWords } from '../runs/runRow.ts';
import { contextTokens, type Row, type RowIcon } from '../views/row.ts';

export type WorkersNode =
  | { kind: 'run'; id: string; run: RunId }
  | { kind: 'slot'; id: string; run: RunId; slot: number }
  | { kind: 'activity'; id: string; run: RunId; slot: number; candidate: CandidateId };

export interface WorkersSource {
  slots(): ReadonlyMap<RunId, readonly SlotView[]>;
  summary(run: RunId): RunSummary | undefined;
}

export class WorkersTree {
  readonly #source: WorkersSource;
  readonly #nodes = new Map<string, WorkersNode>();
  /** Slots and agents of each run when it was drawn last. */
  readonly #shapes = new Map<RunId, string>();
  readonly #drawn = new Map<string, string>();

  constructor(source: WorkersSource) {
    this.#source = source;
  }

  children(parent: WorkersNode | undefined): WorkersNode[] {
    if (parent === undefined) return this.#keepOnly([...this.#source.slots().keys()].map((run) => this.#run(run)));
    if (parent.kind === 'run') return this.#slots(parent.run).map(({ slot }) => this.#slot(parent.run, slot));
    if (parent.kind === 'activity') return [];
    const activities = this.#slots(parent.run).find(({ slot }) => slot === parent.slot)?.activities ?? [];
    return activities.map(({ candidate }) => this.#activity(parent.run, parent.slot, candidate));
  }

  parent(node: WorkersNode): WorkersNode | undefined {
    if (node.kind === 'run') return undefined;
    return node.kind === 'slot' ? this.#run(node.run) : this.#slot(node.run, node.slot);
  }

  slot({ run, slot }: { run: RunId; slot: number }): SlotView | undefined {
    return this.#slots(run).find((one) => one.slot === slot);
  }

  row(node: WorkersNode, now: number): Row {
    if (node.kind === 'run') return runRow(node.run, this.#source.summary(node.run), this.#slots(node.run));
    const slot = this.slot(node);
    if (node.kind === 'slot') {
      const row = slotRow(node.slot, slot);
      this.#drawn.set(node.id, drawnRow(row));
      return row;
    }
    return activityRow(
      node.candidate,
      slot?.activities.find(({ candidate }) => candidate === node.candidate),
      now,
    );
  }

  /**
   * What is to be drawn anew. With the same slots and agents as before: what each agent does, and slots that look different;
   * else everything. Drawing a slot anew asks for its agents again, which shows.
   */
  changed(run: RunId): WorkersNode[] | undefined {
    const slots = this.#slots(run);
    const shape = slots
      .map(({ slot, activities }) => `${slot}:${activities.map(({ candidate }) => candidate).join()}`)
      .join(' ');
    const isSame = this.#shapes.get(run) === shape;
    if (shape === '') this.#shapes.delete(run);
    else this.#shapes.set(run, shape);
    if (!isSame) return undefined;
    return slots.flatMap((slot) =>
      this.#isDrawn(run, slot)
        ? slot.activities.map(({ candidate }) => this.#activity(run, slot.slot, candidate))
        : [this.#slot(run, slot.slot)],
    );
  }

  #isDrawn(run: RunId, slot: SlotView): boolean {
    return this.#drawn.get(this.#slot(run, slot.slot).id) === drawnRow(slotRow(slot.slot, slot));
  }

  #slots(run: RunId): readonly SlotView[] {
    return this.#source.slots().get(run) ?? [];
  }

  /** Nodes of runs that are gone are let go of. */
  #keepOnly(roots: WorkersNode[]): WorkersNode[] {
    const runs = new Set(roots.map(({ run }) => run));
    for (const [id, { run }] of this.#nodes) {
      if (runs.has(run)) continue;
      this.#nodes.delete(id);
      this.#drawn.delete(id);
    }
    return roots;
  }

  #run(run: RunId): WorkersNode {
    return this.#node({ kind: 'run', id: run, run });
  }

  #slot(run: RunId, slot: number): WorkersNode {
    return this.#node({ kind: 'slot', id: `${run}/${slot}`, run, slot });
  }

  #activity(run: RunId, slot: number, candidate: CandidateId): WorkersNode {
    return this.#node({ kind: 'activity', id: `${run}/${slot}/${candidate}`, run, slot, candidate });
  }

  #node(node: WorkersNode): WorkersNode {
    const known = this.#nodes.get(node.id);
    if (known !== undefined) return known;
    this.#nodes.set(node.id, node);
    return node;
  }
}

function runRow(run: RunId, summary: RunSummary | undefined, slots: readonly SlotView[]): Row {
  const agents = slots.reduce((sum, { activities }) => sum + activities.length, 0);
  const label = summary?.config.task ?? run;
  const parts = [
    slots.length === 1 ? l10n.t('1 slot') : l10n.t('{0} slots', slots.length),
    agents === 1 ? l10n.t('1 agent at work') : l10n.t('{0} agents at work', agents),
    ...(summary === undefined ? [] : [modelWords(summary.config.model)]),
  ];
  return {
    label,
    description: parts.join(' · '),
    icon: { id: 'server' },
    contextValue: contextTokens(['run']),
    spoken: [l10n.t('Workers of {0}', label), ...parts].join(', '),
  };
}

function slotRow(number: number, slot: SlotView | undefined): Row {
  const label = l10n.t('Slot {0}', number);
  const parts = slot === undefined ? [l10n.t('gone')] : slotParts(slot);
  return {
    label,
    description: parts.join(' · '),
    icon: slotIcon(slot),
    contextValue: contextTokens(['slot']),
    spoken: [label, ...parts].join(', '),
  };
}

function drawnRow({ description, icon }: Row): string {
  return `${icon.id} ${icon.color} ${description}`;
}

function slotParts({ state, detail, gpus, gpuProblem, activities }: SlotView): string[] {
  const parts = gpus.map(gpuWords);
  if (gpuProblem !== null) parts.push(oneLine(gpuProblem));
  if (state !== 'ready') parts.push(oneLine(detail === '' ? state : `${state}: ${detail}`));
  else if (activities.length === 0) parts.push(l10n.t('idle'));
  return parts;
}

function slotIcon(slot: SlotView | undefined): RowIcon {
  if (slot === undefined || slot.state === 'lost' || slot.state === 'failed')
    return { id: 'error', color: 'charts.red' };
  if (slot.gpuProblem !== null) return { id: 'warning', color: 'charts.yellow' };
  if (slot.state !== 'ready') return { id: 'loading~spin' };
  if (slot.activities.length === 0) return { id: 'circle-outline', color: 'disabledForeground' };
  return { id: slot.gpus.length > 0 ? 'chip' : 'circle-filled', color: 'charts.green' };
}

/** `GPU 0 H200 83 %, 20.1 of 139.8 GB`. */
export function gpuWords({ index, name, utilizationPercent, memoryUsedMb, memoryTotalMb }: GpuReading): string {
  const short = name.replace(/^NVIDIA\s+(GeForce\s+)?/, '');
  const load = utilizationPercent === null ? [] : [`${Math.round(utilizationPercent)} %`];
  const memory =
    memoryUsedMb === null || memoryTotalMb === null
      ? []
      : [l10n.t('{0} of {1} GB', gigabytes(memoryUsedMb), gigabytes(memoryTotalMb))];
  return [`GPU ${index} ${short}`, [...load, ...memory].join(', ')].filter(Boolean).join(' ');
}

const gigabytes = (mb: number) => (mb / 1024).toFixed(1);

function activityRow(candidate: CandidateId, activity: SlotActivity | undefined, now: number): Row {
  const doing = activity === undefined ? l10n.t('done') : oneLine(activity.doing);
  const time = activity === undefined ? [] : [duration(Math.max(0, now - activity.since))];
  return {
    label: `#${candidate}`,
    description: [doing, ...time].join(' · '),
    icon: { id: activityIcon(activity?.doing) },
    contextValue: contextTokens(['activity']),
    spoken: [l10n.t('Candidate {0}', candidate), doing, ...time].join(', '),
  };
}

function activityIcon(doing: string | undefined): string {
  switch (doing) {
    case 'thinking':
      return 'comment-discussion';
    case 'bash':
      return 'terminal';
    case 'python':
      return 'snake';
    case 'evaluating':
      return 'beaker';
    case 'submit':
      return 'cloud-upload';
    case undefined:
      return 'check';
    default:
      return 'loading~spin';
  }
}
