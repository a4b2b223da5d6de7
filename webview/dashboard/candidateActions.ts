/** What a person can do with a candidate, and when it is offered: not where the server is sure to refuse it. */
import type { PanelCommand } from '../../protocol/panels.ts';
import type { Candidate, RunSummary } from '../../protocol/run.ts';
import { takes } from '../../protocol/steering.ts';
import { t } from '../frame/strings.ts';
import type { IconName } from '../ui/icon.ts';

export interface CandidateAction {
  command: PanelCommand;
  label: string;
  icon: IconName;
}

/** In groups, as a menu shows them; in the words of the commands, by which a person finds them everywhere else. */
export function candidateActions(candidate: Candidate, run: RunSummary): CandidateAction[][] {
  const { operator, parents, pinned, excluded } = candidate;
  const { bestSearch } = run;
  const submitted = candidate.state !== 'running' && candidate.failure?.kind !== 'no_submission';
  const scored = candidate.search !== null;
  const takesWork = takes(run, 'work');
  const when = (offered: boolean, command: PanelCommand, label: string, icon: IconName): CandidateAction[] =>
    offered ? [{ command, label, icon }] : [];
  return [
    [
      ...when(operator !== 'human', 'openTrajectory', t('Open Trajectory'), 'terminal'),
      ...when(submitted, 'openProgram', t('Open Program'), 'python'),
      ...when(submitted, 'openLog', t('Open Evaluation Log'), 'info'),
      ...when(submitted && parents.length > 0, 'compareWithParent', t('Compare with Parent'), 'diff'),
      ...when(
        submitted && bestSearch !== null && bestSearch.candidate !== candidate.id,
        'compareWithBest',
        t('Compare with Best'),
        'diff',
      ),
    ],
    [
      ...when(scored && takesWork, 'fork', t('Fork…'), 'fork'),
      ...when(scored && takesWork, 'markCrossoverParent', t('Use as Crossover Parent'), 'flag'),
      ...when(scored && takesWork, 'cross', t('Cross…'), 'cross'),
      ...when(submitted && takesWork, 'editAndSubmit', t('Edit and Submit'), 'edit'),
      ...when(scored && takesWork, 'reevaluate', t('Re-evaluate with New Seeds…'), 'refresh'),
    ],
    [
      pinned === true
        ? { command: 'unpin', label: t('Unpin'), icon: 'pin' }
        : { command: 'pin', label: t('Pin'), icon: 'pin' },
      ...(takes(run, 'exclusion')
        ? [
            excluded === true
              ? ({ command: 'include', label: t('Include in Sampling'), icon: 'add' } as const)
              : ({ command: 'exclude', label: t('Exclude from Sampling'), icon: 'close' } as const),
          ]
        : []),
      ...when(submitted, 'export', t('Export Candidate…'), 'submit'),
      ...when(submitted, 'revealArtefacts', t('Reveal Files of Candidate'), 'server'),
      { command: 'copyReference', label: t('Copy Reference'), icon: 'copy' },
      { command: 'revealInTree', label: t('Reveal in Runs View'), icon: 'search' },
    ],
  ];
}
