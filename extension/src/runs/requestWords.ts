/** What a person has asked for, in a few words. */
import type { PersonRequest } from '../../../protocol/run.ts';
import { l10n } from '../localisation.ts';
import { oneLine, shorten } from '../markdown.ts';

export function requestWords(request: PersonRequest): string {
  switch (request.kind) {
    case 'fork':
      return withGuidance(l10n.t('Fork of #{0}', request.parent), request.guidance);
    case 'cross':
      return withGuidance(l10n.t('Crossover of #{0} × #{1}', ...request.parents), request.guidance);
    case 'submit':
      return l10n.t('Your program: {0}', shorten(oneLine(request.summary), 60));
    case 'reevaluate':
      return request.times === 1
        ? l10n.t('#{0} again', request.candidate)
        : l10n.t('#{0} again, {1} times', request.candidate, request.times);
  }
}

function withGuidance(words: string, guidance: string | undefined): string {
  return guidance === undefined ? words : l10n.t('{0}: {1}', words, shorten(oneLine(guidance), 60));
}
