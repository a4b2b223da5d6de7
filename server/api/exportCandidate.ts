/** A candidate as a folder that a stranger can run: program, pinned environment, how to run it, predictions if unsealed. */
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';
import { printableText } from '../../protocol/printableText.ts';
import type { RunView } from '../../protocol/projection.ts';
import { Candidate, RunConfig, RunSummary } from '../../protocol/run.ts';
import { switchesOf } from '../../protocol/runSwitches.ts';
import { formatScoreWithError } from '../../protocol/score.ts';
import { isSealed } from '../../protocol/sealed.ts';
import { hasCode, messageOf } from '../../protocol/thrown.ts';
import { inertWords } from '../analysis/inertWords.ts';
import { PredictionsStore } from '../evaluation/predictionsStore.ts';
import type { RunPaths } from '../store/home.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { pythonOf } from './pythonEnvironment.ts';
import { RefusedError } from './refusal.ts';
import { runScript } from './runScript.ts';

export interface ExportOptions {
  view: RunView;
  paths: RunPaths;
  task: PreparedTask;
  candidate: Candidate;
  to: string;
  venv: string;
}

/** `candidate.json`: the candidate, and what must be known of its run by whoever judges its scores. */
export const ExportedCandidate = Candidate.extend({
  run: z.object({
    ...RunSummary.pick({ id: true, caveats: true }).shape,
    switches: RunConfig.pick({ search: true, operators: true, evaluation: true }),
    /** A person saw sealed scores before the end of the search. */
    unsealedEarly: z.boolean(),
  }),
});
export type ExportedCandidate = z.infer<typeof ExportedCandidate>;

/** @throws {RefusedError} if the folder is taken */
export async function exportCandidate(options: ExportOptions) {
  const { view, paths, task, candidate, venv } = options;
  const directory = await placeOf(resolve(options.to));
  await refuseOwn(directory, homeOf(paths));
  await refuseFilled(directory);
  await mkdir(dirname(directory), { recursive: true });
  const partial = await mkdtemp(join(dirname(directory), '.aira2-export-'));
  try {
    await chmod(partial, 0o755);
    const program = paths.candidate(candidate.id).program;
    await cp(program, join(partial, 'program'), { recursive: true, filter: isFileOrFolder });
    await writeFile(join(partial, 'requirements.txt'), await frozen(venv));
    await writeFile(join(partial, 'run.sh'), runScript(task, candidate.seed));
    await chmod(join(partial, 'run.sh'), 0o755);
    await writeFile(join(partial, 'candidate.json'), `${JSON.stringify(record(view, candidate), null, 2)}\n`);
    await writeFile(join(partial, 'README.md'), readme(view, task, candidate));
    // What is sealed does not leave the run; in one that was unsealed early, that of later candidates still is.
    if (view.summary.unsealed && !isSealed(candidate, view.summary))
      await writePredictions(paths, task, candidate, partial);
    // Takes the place of an empty folder, and of nothing else.
    await rename(partial, directory);
  } catch (error) {
    const isFilledNow = hasCode(error, 'ENOTEMPTY', 'EEXIST');
    throw isFilledNow ? filled(directory) : error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  return { candidate: candidate.id, directory, files: files.sort() };
}

/** The candidate with this number, or the selected one. It has a program. @throws {RefusedError} if there is none, or it has none */
export function chooseCandidate({ view, paths }: Pick<ExportOptions, 'view' | 'paths'>, id: number | null): Candidate {
  const { summary } = view;
  const wanted = id ?? summary.selected;
  if (wanted === null)
    throw new RefusedError(
      'no_result',
      summary.state === 'finished'
        ? `Run ${summary.id} selected nothing. Name a candidate: aira2 runs candidates ${summary.id}`
        : `Run ${summary.id} has not selected yet. Name a candidate, or let the run end.`,
    );
  const candidate = view.candidates.get(wanted);
  if (candidate === undefined)
    throw new RefusedError(
      'not_found',
      `Run ${summary.id} has no candidate #${wanted}; it has ${view.candidates.size}.`,
    );
  if (!existsSync(paths.candidate(wanted).program))
    throw new RefusedError('bad_input', `Candidate #${wanted} has no program (${candidate.state}).`);
  return candidate;
}

/** As it is really called: links on the way are followed here, once, and not again when it is written. */
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code !== 'ENOENT')
      throw new RefusedError(
        'bad_input',
        `${JSON.stringify(path)} is not a folder that can be written: ${error.message}`,
      );
    // A link that leads nowhere is no place either.
    if ((await lstat(path).catch(() => null)) !== null)
      throw new RefusedError('bad_input', `${path} is a link that leads nowhere; choose another folder.`);
    return join(await placeOf(dirname(path)), basename(path));
  }
}

const homeOf = (paths: RunPaths) => dirname(dirname(paths.directory));
/** Of the home, what the engine reads and believes. */
const own = ['runs', 'tasks', 'server', 'cache', 'venv'];

async function refuseOwn(directory: string, home: string): Promise<void> {
  const [first = ''] = relative(await realpath(home), directory).split('/');
  if (own.includes(first))
    throw new RefusedError(
      'bad_input',
      `${directory} belongs to AIRA2's own files; choose a folder outside of ${home}.`,
    );
}

/** Programs are files; a link or a device among them was not the engine's doing. */
async function isFileOrFolder(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isFile() || found.isDirectory();
}

async function refuseFilled(directory: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw new RefusedError('bad_input', `${directory} is not a folder that can be written: ${messageOf(error)}`);
  }
  if (names.length > 0) throw filled(directory);
}

function filled(directory: string): RefusedError {
  return new RefusedError('bad_input', `${directory} is not empty; choose another folder.`);
}

async function frozen(venv: string): Promise<string> {
  const { stdout } = await execa(pythonOf(venv), ['-m', 'pip', 'freeze', '--disable-pip-version-check'], {
    timeout: 60_000,
  });
  return `${stdout}\n`;
}

function record({ summary }: RunView, candidate: Candidate): ExportedCandidate {
  const { id, caveats, config, unsealedEarly = false } = summary;
  const { search, operators, evaluation } = config;
  return { ...candidate, run: { id, switches: { search, operators, evaluation }, caveats, unsealedEarly } };
}

/** What a reader of the scores has to know of the run; empty for one that is the whole method, without caveats. */
function aboutRun({ summary }: RunView): string {
  const { config, caveats, unsealedEarly } = summary;
  const switches = switchesOf(config);
  const lines = [
    ...(switches.length === 0 ? [] : [`**Switches: ${switches.join(', ')}**`]),
    ...(unsealedEarly === true
      ? ['**Unsealed early**: a person could see sealed scores while the search went on']
      : []),
    ...caveats.map((caveat) => inertWords(caveat, 500)),
  ];
  if (lines.length === 0) return '';
  return `\nRead this before you trust the scores; of the run that made it:\n\n${lines.map((line) => `- ${line}`).join('\n')}\n`;
}

function packagesOf({ image }: RunConfig): string {
  return image === undefined
    ? 'the exact packages of its evaluation'
    : `packages of the machine that hosted the run. It was evaluated in the image ${inertWords(image, 200)}, with the Python and the packages of that: set \`PYTHON\` to one like it`;
}

function readme(view: RunView, task: PreparedTask, candidate: Candidate): string {
  const { summary } = view;
  const scores = [
    `search ${candidate.search === null ? 'none' : formatScoreWithError(candidate.search)}`,
    ...(candidate.test === null ? [] : [`test ${formatScoreWithError(candidate.test)}`]),
  ];
  return `# ${inertWords(task.manifest.title)}: candidate #${candidate.id} of run ${summary.id}

${inertWords(printableText(candidate.summary), 1000)}

${inertWords(task.manifest.metric.name)} (${task.manifest.metric.direction}): ${scores.join(', ')}. Made by ${inertWords(candidate.author)}.
${aboutRun(view)}
- \`program/\`: the program, as it was evaluated
- \`run.sh\`: runs it on the prepared data of the task (makes a virtual environment on first use, or set \`PYTHON\`)
- \`requirements.txt\`: ${packagesOf(summary.config)}
- \`candidate.json\`: its record, with switches and caveats of its run
- \`predictions.csv\` (once the run is unsealed): what it predicted

The data stays where it was prepared: on this machine, in \`${task.publicDirectory}\`. Elsewhere, prepare the task there (\`aira2 task
prepare\`) or copy that folder, and set \`AIRA_TRAIN_DIR\` to its \`train\` and \`AIRA_EVAL_DIR\` to its \`eval\` before \`run.sh\`; \`AIRA_OUT_DIR\` says where
the predictions go (\`out\` in this folder), and \`AIRA_CPUS\` with \`OMP_NUM_THREADS\` and its like how many threads there are.
`;
}

async function writePredictions(paths: RunPaths, task: PreparedTask, candidate: Candidate, to: string): Promise<void> {
  const kept = new PredictionsStore(paths.candidate(candidate.id).predictions);
  for (const { split } of task.views) {
    const content = await kept.get(split, task.manifest.prediction.max_bytes);
    const name = split === 'pooled' ? task.manifest.prediction.file : `${split}-${task.manifest.prediction.file}`;
    if (content !== null) await writeFile(join(to, name), content);
  }
}
