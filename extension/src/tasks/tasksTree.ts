/** The nodes of the Tasks view, and their rows. */
import type { TaskListing } from '../../../protocol/clientViews.ts';
import { l10n } from '../localisation.ts';
import { escapeMarkdown, oneLine } from '../markdown.ts';
import { contextTokens, type Row, type RowIcon } from '../views/row.ts';

export type TaskGroup = 'own' | 'builtin';
export type TasksNode =
  | { kind: 'group'; id: string; group: TaskGroup }
  | { kind: 'task'; id: string; listing: TaskListing };

const groups: readonly TaskGroup[] = ['own', 'builtin'];

export class TasksTree {
  readonly #nodes = new Map<string, TasksNode>();
  #listings: readonly TaskListing[] = [];

  get listings(): readonly TaskListing[] {
    return this.#listings;
  }

  set(listings: readonly TaskListing[]): void {
    this.#listings = listings;
    this.#nodes.clear();
  }

  children(parent: TasksNode | undefined): TasksNode[] {
    if (parent === undefined) {
      const present = groups.filter((group) => this.#listings.some((listing) => groupOf(listing) === group));
      return present.map((group) => this.#node({ kind: 'group', id: group, group }));
    }
    if (parent.kind === 'task') return [];
    return this.#listings
      .filter((listing) => groupOf(listing) === parent.group)
      .map((listing) => this.#node({ kind: 'task', id: taskNodeId(listing), listing }));
  }

  parent(node: TasksNode): TasksNode | undefined {
    if (node.kind === 'group') return undefined;
    const group = groupOf(node.listing);
    return this.#node({ kind: 'group', id: group, group });
  }

  #node(node: TasksNode): TasksNode {
    const known = this.#nodes.get(node.id);
    if (known !== undefined) return known;
    this.#nodes.set(node.id, node);
    return node;
  }
}

function groupOf({ builtin }: TaskListing): TaskGroup {
  return builtin ? 'builtin' : 'own';
}

function taskNodeId({ id, version, manifest }: TaskListing): string {
  return `${id}@${version} ${manifest ?? ''}`;
}

export function taskRow(node: TasksNode): Row {
  if (node.kind === 'group') return groupRow(node.group);
  const { listing } = node;
  const { id, version, title, metric, problem, prepared, counts } = listing;
  const parts =
    problem !== null
      ? [oneLine(problem)]
      : [
          id,
          `${oneLine(metric.name)} ${metric.direction === 'minimize' ? '↓' : '↑'}`,
          prepared ? l10n.t('{0} rows', rowsOf(counts)) : l10n.t('not prepared'),
        ];
  const label = title === '' ? id : oneLine(title);
  return {
    label,
    description: parts.join(' · '),
    icon: taskIcon(listing),
    contextValue: contextTokens([
      'task',
      problem === null ? 'usable' : 'broken',
      prepared ? 'prepared' : 'unprepared',
      ...(listing.manifest === null ? [] : ['manifest']),
    ]),
    spoken: [l10n.t('Task {0}, version {1}', label, version), ...parts].join(', '),
  };
}

function groupRow(group: TaskGroup): Row {
  const label = group === 'own' ? l10n.t('Your tasks') : l10n.t('Built-in tasks');
  return {
    label,
    description: '',
    icon: { id: group === 'own' ? 'folder' : 'library' },
    contextValue: contextTokens(['group']),
    spoken: label,
  };
}

function rowsOf(counts: TaskListing['counts']): number {
  return counts === null ? 0 : counts.train + counts.search + counts.validation + counts.test;
}

function taskIcon({ problem, modality, prepared }: TaskListing): RowIcon {
  if (problem !== null) return { id: 'error', color: 'charts.red' };
  const shapes: Record<string, string> = {
    tabular: 'table',
    image: 'file-media',
    text: 'file-text',
    'time-series': 'graph-line',
  };
  return { id: shapes[modality] ?? 'beaker', color: prepared ? 'charts.green' : 'disabledForeground' };
}

export function taskTooltip(listing: TaskListing): string {
  const { id, version, title, modality, metric, counts, problem, manifest, prepared } = listing;
  const lines = [
    `**${escapeMarkdown(title)}**`,
    escapeMarkdown(`${id}@${version} · ${modality} · ${metric.name} (${metric.direction})`),
  ];
  if (problem !== null) lines.push(`⚠ ${escapeMarkdown(problem)}`);
  if (counts !== null)
    lines.push(
      l10n.t(
        '{0} rows for training; hidden: {1} search, {2} validation, {3} test',
        counts.train,
        counts.search,
        counts.validation,
        counts.test,
      ),
    );
  else if (!prepared) lines.push(l10n.t('It is prepared when a run on it starts, or with “Prepare Task”.'));
  if (manifest !== null) lines.push(escapeMarkdown(manifest));
  return lines.join('\n\n');
}
