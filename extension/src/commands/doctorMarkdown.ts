/** What the doctor found, as a page. */
import type { DoctorReport, MachineFacts } from '../../../protocol/clientViews.ts';
import { processorsWord } from '../counts.ts';
import { l10n } from '../localisation.ts';
import { escapeMarkdown } from '../markdown.ts';
import { gpuWords } from '../workers/workersTree.ts';

const marks = { ok: '✓', limited: '⚠', missing: '✗' } as const;

export function doctorMarkdown(report: DoctorReport, machine: MachineFacts, host: string): string {
  const facts = [
    processorsWord(machine.cpus),
    ...machine.gpus.map(gpuWords),
    machine.sandboxes.length === 0 ? l10n.t('no sandbox') : l10n.t('sandboxes: {0}', machine.sandboxes.join(', ')),
    machine.pythonProblem ?? l10n.t('Python is ready'),
    machine.keyVariables.length === 0
      ? l10n.t('no model keys in the environment')
      : l10n.t('keys in the environment: {0}', machine.keyVariables.join(', ')),
  ];
  const checks = report.checks.map(({ name, state, detail, fix }) => {
    const lines = [`### ${marks[state]} ${escapeMarkdown(name)}`, escapeMarkdown(detail)];
    if (fix !== null) lines.push(`**${l10n.t('What to do:')}** ${escapeMarkdown(fix)}`);
    return lines.join('\n\n');
  });
  const verdict = report.ok ? l10n.t('Runs can be started here.') : l10n.t('Something is missing: see below.');
  return [
    `# ${escapeMarkdown(host)}`,
    verdict,
    facts.map((fact) => `- ${escapeMarkdown(fact)}`).join('\n'),
    ...checks,
    '',
  ].join('\n\n');
}
