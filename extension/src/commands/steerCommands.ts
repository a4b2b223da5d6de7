/** Commands that steer a search: forks, crossovers, marks, evaluations again. */
import { randomUUID } from 'node:crypto';
import { maxGuidance } from '../../../protocol/client.ts';
import { type CandidateId, maxRepeats } from '../../../protocol/run.ts';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { whenServed } from '../runs/steeringWords.ts';
import { askText, mention, validateNumber } from '../ui/ask.ts';
import { setContext } from '../views/contexts.ts';
import { CannotError } from './failure.ts';
import { type CandidateRef, candidateOf, namedCandidates, pickCandidate, requireTaken } from './target.ts';

export async function fork(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Fork a candidate'), 'scored', 'work');
  if (ref === undefined) return;
  const guidance = await askGuidance(l10n.t('Fork #{0}: an agent goes on from here', ref.candidate));
  if (guidance === undefined) return;
  const client = app.connection.get();
  await client.request('run.fork', { run: ref.run, parent: ref.candidate, ...guidance, operation: randomUUID() });
  mention(l10n.t('An agent goes on from #{0} {1}.', ref.candidate, whenServed(app.runs.get(ref.run)?.state)));
}

export async function markCrossoverParent(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Choose a parent for a crossover'), 'scored', 'work');
  if (ref === undefined) return;
  setMarked(app, { run: ref.run, candidate: ref.candidate });
  mention(l10n.t('#{0} is one parent. Choose “Cross…” on the other.', ref.candidate));
}

export function clearCrossoverParent(app: App): void {
  setMarked(app, null);
}

/** Of two that are selected; else of the marked one and this one; else the person picks. */
export async function cross(app: App, args: readonly unknown[]): Promise<void> {
  const parents = await crossParents(app, args);
  if (parents === undefined) return;
  const [one, other] = parents;
  if (one.run !== other.run) throw new CannotError(l10n.t('Both parents must be of the same run.'));
  if (one.candidate === other.candidate) throw new CannotError(l10n.t('A crossover needs two different parents.'));
  const pair: [CandidateId, CandidateId] = [one.candidate, other.candidate];
  const guidance = await askGuidance(l10n.t('Cross #{0} and #{1}', ...pair));
  if (guidance === undefined) return;
  const client = app.connection.get();
  await client.request('run.cross', { run: one.run, parents: pair, ...guidance, operation: randomUUID() });
  setMarked(app, null);
  mention(l10n.t('An agent combines #{0} and #{1} {2}.', ...pair, whenServed(app.runs.get(one.run)?.state)));
}

async function crossParents(app: App, args: readonly unknown[]): Promise<[CandidateRef, CandidateRef] | undefined> {
  const [first, second, ...more] = namedCandidates(app, args);
  if (more.length > 0) throw new CannotError(l10n.t('A crossover has two parents: select two candidates.'));
  const { marked } = app.runsView;
  const known = first ?? marked;
  if (known !== null) await requireTaken(app.connection.get(), known.run, 'work');
  if (first !== undefined && second !== undefined) return [first, second];
  if (first !== undefined && marked !== null && marked.candidate !== first.candidate && marked.run === first.run)
    return [marked, first];
  const one = known ?? (await candidateOf(app, args, l10n.t('Cross two candidates: the first'), 'scored', 'work'));
  if (one === undefined) return undefined;
  const other = await pickCandidate(app, one.run, l10n.t('Cross #{0} with', one.candidate), 'scored', {
    without: one.candidate,
  });
  return other === undefined ? undefined : [one, { run: one.run, candidate: other }];
}

function setMarked(app: App, marked: CandidateRef | null): void {
  // The mark is seen only when the menus know of it.
  setContext('aira2.marked', marked !== null);
  app.runsView.mark(marked);
}

/** `{}` for none; undefined: the person has thought better of it. */
async function askGuidance(title: string): Promise<{ guidance?: string } | undefined> {
  const guidance = await askText({
    title,
    prompt: l10n.t('What should it try? Leave it empty to let it decide. Enter asks for it, Escape does not.'),
    placeholder: l10n.t('e.g. try monotone constraints on the price'),
    validate: (text) =>
      text.length > maxGuidance ? l10n.t('At most {0} characters; these are {1}.', maxGuidance, text.length) : null,
  });
  if (guidance === undefined) return undefined;
  return guidance.trim() === '' ? {} : { guidance: guidance.trim() };
}

export const pin = marker({ pinned: true });
export const unpin = marker({ pinned: false });
export const exclude = marker({ excluded: true });
export const include = marker({ excluded: false });

/** Marks every selected candidate. */
function marker(mark: { pinned?: boolean; excluded?: boolean }) {
  const wish = mark.excluded === undefined ? null : 'exclusion';
  return async (app: App, args: readonly unknown[]): Promise<void> => {
    const named = namedCandidates(app, args);
    const picked = named.length > 0 ? named : [await candidateOf(app, args, l10n.t('Mark a candidate'), 'any', wish)];
    const client = app.connection.get();
    if (wish !== null) for (const run of new Set(named.map((ref) => ref.run))) await requireTaken(client, run, wish);
    for (const ref of picked)
      if (ref !== undefined)
        await client.request('candidate.mark', { run: ref.run, candidate: ref.candidate, ...mark });
  };
}

export async function reevaluate(app: App, args: readonly unknown[]): Promise<void> {
  const ref = await candidateOf(app, args, l10n.t('Re-evaluate a candidate'), 'scored', 'work');
  if (ref === undefined) return;
  const check = validateNumber({ min: 1, isWhole: true });
  const times = await askText({
    title: l10n.t('Re-evaluate #{0} with new seeds', ref.candidate),
    prompt: l10n.t('How often? Its score stays; the others stand beside it and tell how much of it is luck.'),
    value: '3',
    validate: (text) =>
      text.trim() === '' || Number(text) > maxRepeats ? l10n.t('From 1 to {0}.', maxRepeats) : check(text),
  });
  if (times === undefined) return;
  const { run, candidate } = ref;
  const wish = { run, candidate, times: Number(times), operation: randomUUID() };
  await app.connection.get().request('candidate.reevaluate', wish);
  mention(l10n.t('#{0} is evaluated again {1}.', candidate, whenServed(app.runs.get(run)?.state)));
}
