/** How many of something, in words: one is not many. */
import { l10n } from './localisation.ts';

export const candidatesWord = (count: number) =>
  count === 1 ? l10n.t('1 candidate') : l10n.t('{0} candidates', count);
export const hoursWord = (count: number) => (count === 1 ? l10n.t('1 hour') : l10n.t('{0} hours', count));
export const gpuHoursWord = (count: number) => (count === 1 ? l10n.t('1 GPU-hour') : l10n.t('{0} GPU-hours', count));
export const workersWord = (count: number) => (count === 1 ? l10n.t('1 worker') : l10n.t('{0} workers', count));
export const stepsWord = (count: number) => (count === 1 ? l10n.t('1 step') : l10n.t('{0} steps', count));
export const filesWord = (count: number) => (count === 1 ? l10n.t('1 file') : l10n.t('{0} files', count));
export const processorsWord = (count: number) =>
  count === 1 ? l10n.t('1 processor') : l10n.t('{0} processors', count);
