/** What a person can do with a candidate from its trajectory: not where the server is sure to refuse it. */
import type { PanelCommand } from '../../protocol/panels.ts';
import type { Candidate, RunSummary } from '../../protocol/run.ts';
import { takes } from '../../protocol/steering.ts';
import { t } from '../frame/strings.ts';
import type { IconName } from '../ui/icon.ts';

export interface HeadAction {
  command: PanelCommand;
  label: string;
  icon: IconName;
  /** Its label is written beside the icon; the others have theirs as a tip. */
  isWritten: boolean;
}

/** In the words of the commands, by which a person finds them everywhere else. */
export function headActions({ state, parents, pinned }: Candidate, run: RunSummary): HeadAction[] {
  const done = state === 'scored' || state === 'failed';
  const takesWork = takes(run, 'work');
  const when = (offered: boolean, command: PanelCommand, label: string, icon: IconName): HeadAction[] =>
    offered ? [{ command, label, icon, isWritten: command === 'openProgram' }] : [];
  return [
    ...when(done, 'openProgram', t('Open Program'), 'python'),
    ...when(done && parents.length > 0, 'compareWithParent', t('Compare with Parent'), 'diff'),
    ...when(state === 'scored' && takesWork, 'fork', t('Fork…'), 'fork'),
    ...when(done && takesWork, 'editAndSubmit', t('Edit and Submit'), 'edit'),
    ...when(pinned === true, 'unpin', t('Unpin'), 'pin'),
    ...when(pinned !== true, 'pin', t('Pin'), 'pin'),
    ...when(true, 'revealInTree', t('Reveal in Runs View'), 'tree'),
    ...when(true, 'openDashboard', t('Open Run Dashboard'), 'chart'),
  ];
}
