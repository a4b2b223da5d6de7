/** What a person can do with a candidate, and when it makes sense to offer it. Whether it can be done, the host decides. */
import type { PanelCommand } from '../../protocol/panels.ts';
import type { Candidate, RunSummary } from '../../protocol/run.ts';
import { t } from '../frame/strings.ts';
import type { IconName } from '../ui/icon.ts';

export interface CandidateAction {
  command: PanelCommand;
  label: string;
  icon: IconName;
}

/** In groups, as a menu shows them. */
export function candidateActions(candidate: Candidate, { state, bestSearch }: RunSummary): CandidateAction[][] {
  const { operator, parents, pinned, excluded } = candidate;
  const submitted = candidate.state !== 'running' && candidate.failure?.kind !== 'no_submission';
  const scored = candidate.search !== null;
  const live = state === 'running' || state === 'paused';
  const when = (offered: boolean, command: PanelCommand, label: string, icon: IconName): CandidateAction[] =>
    offered ? [{ command, label, icon }] : [];
  return [
    [
      ...when(operator !== 'human', 'openTrajectory', t('Open Trajectory'), 'terminal'),
      ...when(submitted, 'openProgram', t('Open Program'), 'python'),
      ...when(submitted, 'openLog', t('Open Log of the Evaluation'), 'info'),
      ...when(submitted && parents.length > 0, 'compareWithParent', t('Compare with Parent'), 'diff'),
      ...when(
        submitted && bestSearch !== null && bestSearch.candidate !== candidate.id,
        'compareWithBest',
        t('Compare with Best'),
        'diff',
      ),
    ],
    [
      ...when(scored && live, 'fork', t('Fork…'), 'fork'),
      ...when(scored && live, 'markCrossoverParent', t('Use as Crossover Parent'), 'flag'),
      ...when(scored && live, 'cross', t('Cross with…'), 'cross'),
      ...when(submitted, 'editAndSubmit', t('Edit and Submit…'), 'edit'),
      ...when(scored, 'reevaluate', t('Evaluate Again…'), 'refresh'),
    ],
    [
      pinned === true
        ? { command: 'unpin', label: t('Unpin'), icon: 'pin' }
        : { command: 'pin', label: t('Pin'), icon: 'pin' },
      excluded === true
        ? { command: 'include', label: t('Include in Search Again'), icon: 'add' }
        : { command: 'exclude', label: t('Exclude from Search'), icon: 'close' },
      ...when(submitted, 'export', t('Export…'), 'submit'),
      ...when(submitted, 'revealArtefacts', t('Reveal Files'), 'server'),
      { command: 'copyReference', label: t('Copy Reference'), icon: 'copy' },
      { command: 'revealInTree', label: t('Show in Runs View'), icon: 'search' },
    ],
  ];
}
