/** How many of something, in words: one is not many. */
import { t } from '../frame/strings.ts';

export const candidatesWord = (count: number) => (count === 1 ? t('1 candidate') : t('{0} candidates', count));
export const hoursWord = (count: number) => (count === 1 ? t('1 hour') : t('{0} hours', count));
export const gpuHoursWord = (count: number) => (count === 1 ? t('1 GPU-hour') : t('{0} GPU-hours', count));
export const slotsWord = (count: number) => (count === 1 ? t('1 slot') : t('{0} slots', count));
export const stepsWord = (count: number) => (count === 1 ? t('1 step') : t('{0} steps', count));
export const runsWord = (count: number) => (count === 1 ? t('1 run') : t('{0} runs', count));

export function moreLinesWord(count: number): string {
  return count === 1 ? t('Show 1 more line') : t('Show {0} more lines', count.toLocaleString());
}
