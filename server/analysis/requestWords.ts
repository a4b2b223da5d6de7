/** What a person has asked for or done, in words. */
import type { PersonRequest } from '../../protocol/run.ts';

/** `fork of #3: try monotone constraints` */
export function requestWords(body: PersonRequest): string {
  switch (body.kind) {
    case 'fork':
      return `fork of #${body.parent}${guidanceWords(body)}`;
    case 'cross':
      return `crossover of #${body.parents[0]} and #${body.parents[1]}${guidanceWords(body)}`;
    case 'submit':
      return `submission${body.parent === undefined ? '' : ` made from #${body.parent}`}: ${body.summary}`;
    case 'reevaluate':
      return `${body.times === 1 ? 'one more evaluation' : `${body.times} more evaluations`} of #${body.candidate}`;
  }
}

/** What a mark has made of a candidate: `pinned`, `not excluded`. */
export function markWords({
  pinned,
  excluded,
}: {
  pinned?: boolean | undefined;
  excluded?: boolean | undefined;
}): string[] {
  return [
    ...(pinned === undefined ? [] : [pinned ? 'pinned' : 'not pinned']),
    ...(excluded === undefined ? [] : [excluded ? 'excluded' : 'not excluded']),
  ];
}

const guidanceWords = ({ guidance }: { guidance?: string | undefined }) =>
  guidance === undefined ? '' : `: ${guidance}`;
