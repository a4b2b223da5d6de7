/** Tasks, machines and sandboxes in words. */
import type { MachineFacts, TaskListing } from '../../protocol/clientViews.ts';
import type { SandboxDriverName } from '../../protocol/run.ts';
import { t } from '../frame/strings.ts';
import { visibleText } from '../text/visibleText.ts';
import type { Choice } from '../ui/choice.ts';

export function taskWords({ modality, metric, counts, prepared, builtin }: TaskListing): string {
  const better = metric.direction === 'minimize' ? t('lower is better') : t('higher is better');
  return [
    visibleText(modality),
    `${visibleText(metric.name)} (${better})`,
    counts === null
      ? ''
      : t(
          '{0} rows to train on, {1} hidden',
          counts.train.toLocaleString(),
          (counts.search + counts.validation + counts.test).toLocaleString(),
        ),
    prepared ? '' : t('its data is fetched and split at the first start'),
    builtin ? t('built in') : '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

export function machineWords({ cpus, gpus }: MachineFacts): string {
  const processors = cpus === 1 ? t('1 CPU') : t('{0} CPUs', cpus);
  if (gpus.length === 0) return `${processors}, ${t('no GPU')}`;
  const names = new Map<string, number>();
  for (const { name } of gpus) names.set(name, (names.get(name) ?? 0) + 1);
  return [processors, ...[...names].map(([name, count]) => `${count} × ${visibleText(name)}`)].join(', ');
}

const sandboxNames: Record<SandboxDriverName, string> = {
  bwrap: 'bubblewrap',
  podman: 'podman',
  docker: 'docker',
  apptainer: 'Apptainer',
  none: '',
};

/** Those that are installed, the recommended one first; none at all, last, is a choice that has to be confirmed. */
export function sandboxChoices(installed: readonly SandboxDriverName[]): Choice[] {
  const choices = installed
    .filter((name) => name !== 'none')
    .map((name) => ({ value: name, label: sandboxNames[name] }));
  return [
    ...(choices.length === 0 ? [{ value: '', label: t('None is installed') }] : choices),
    { value: 'none', label: t('None: unsafe') },
  ];
}
