/** What is told of a run without being asked: that it has ended, and that something asked for could not be done. */
import * as vscode from 'vscode';
import type { RunId, RunSummary } from '../../../protocol/run.ts';
import { formatScore } from '../../../protocol/score.ts';
import type { Subscription } from '../../../protocol/subscription.ts';
import { type CommandName, commandId } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { oneLine, shorten } from '../markdown.ts';
import { notify } from '../ui/notify.ts';
import { setting } from '../views/settings.ts';
import type { FollowedChange, FollowedRuns } from './followedRuns.ts';
import { requestWords } from './requestWords.ts';
import type { RunList, RunListChange } from './runList.ts';

export class RunNotices implements vscode.Disposable {
  readonly #subscriptions: Subscription[];
  readonly #followed: FollowedRuns;
  /** Runs that this window has shown: others' ends are not its business. */
  readonly #shown = new Set<RunId>();
  /** Of each run, how many requests that could not be served have been told. */
  readonly #told = new Map<RunId, number>();

  constructor(list: RunList, followed: FollowedRuns) {
    this.#followed = followed;
    this.#subscriptions = [
      list.onChange((change) => this.#listChanged(change)),
      followed.onChange((change) => this.#runChanged(change)),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #listChanged(change: RunListChange): void {
    if (change.kind !== 'changed' || change.before === null) return;
    const { before, summary } = change;
    const hasEnded = before.state !== 'finished' && summary.state === 'finished';
    if (!hasEnded || !this.#shown.has(summary.id) || !setting('notifications.runEnded')) return;
    void this.#tellEnd(summary);
  }

  #runChanged({ run, change }: FollowedChange): void {
    if (change.kind === 'ended') return;
    this.#shown.add(run);
    const { dropped } = change.view;
    const told = change.kind === 'reset' ? dropped.length : (this.#told.get(run) ?? 0);
    this.#told.set(run, dropped.length);
    for (const { body, reason } of dropped.slice(told))
      void notify('warning', l10n.t('{0} could not be done: {1}', requestWords(body), shorten(oneLine(reason), 300)));
  }

  async #tellEnd(summary: RunSummary): Promise<void> {
    const { id, config, selected } = summary;
    const test = selected === null ? null : (this.#followed.view(id)?.candidates.get(selected)?.test ?? null);
    const message =
      selected === null
        ? l10n.t('The run on {0} has ended: nothing could be selected.', config.task)
        : test === null
          ? l10n.t('The run on {0} has ended: #{1} is selected.', config.task, selected)
          : l10n.t(
              'The run on {0} has ended: #{1} is selected, test {2} {3}.',
              config.task,
              selected,
              summary.metric.name,
              formatScore(test.value),
            );
    const actions: [CommandName, string][] = [
      ['report', l10n.t('Report')],
      ...(selected === null ? [] : [['exportBest', l10n.t('Export…')] satisfies [CommandName, string]]),
    ];
    const chosen = await notify('info', message, ...actions.map(([, label]) => label));
    const command = actions.find(([, label]) => label === chosen)?.[0];
    if (command !== undefined) await vscode.commands.executeCommand(commandId(command), { run: id });
  }
}
