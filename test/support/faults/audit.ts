/** What must hold when a disturbed run has come to its end: nothing that was told is gone or doubled, and nothing is left. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type RunEvent, RunEvent as RunEventSchema } from '../../../protocol/run.ts';
import { StoredTrajectory } from '../../../server/agent/trajectoryLog.ts';
import { JsonlLog } from '../../../server/store/jsonlLog.ts';
import { lockHolder } from '../../../server/store/processLock.ts';
import { readRun } from '../../../server/store/runStore.ts';
import { cgroupParentsHere } from '../../../server/worker/sandbox/cgroup.ts';
import { type Census, livingProcesses, standsIn } from './processes.ts';

/** Problems by what they mean; all empty where all is well. */
export interface Findings {
  /** A client was told of it, and it is not there, or is otherwise. */
  lost: string[];
  /** It happened twice. */
  duplicated: string[];
  /** The run, or what it says of itself, is not whole. */
  broken: string[];
  /** A process, sandbox, socket or file that nobody owns any more. */
  orphans: string[];
}

export const nothingFound = ({ lost, duplicated, broken, orphans }: Findings) =>
  lost.length + duplicated.length + broken.length + orphans.length === 0;

export interface AuditOptions {
  home: string;
  run: string;
  candidates: number;
  /** Everything that clients were told. */
  told: readonly RunEvent[];
  census: Census;
  /** Folders whose names only processes, sandboxes and sockets of this run bear. */
  folders: readonly string[];
  /** Where sandboxes have their folders on the host. */
  temporary: string;
}

export async function audit(options: AuditOptions): Promise<Findings> {
  const findings: Findings = { lost: [], duplicated: [], broken: [], orphans: [] };
  const { home, run, told } = options;
  const { view, paths } = await readRun(home, run);
  const events = await JsonlLog.read(paths.events, RunEventSchema);
  for (const event of told)
    if (!isDeepStrictEqual(events[event.seq - 1], event))
      findings.lost.push(`event ${event.seq} was told as ${JSON.stringify(event).slice(0, 200)}`);
  events.forEach(({ seq }, index) => {
    if (seq !== index + 1) findings.broken.push(`event ${seq} stands at place ${index + 1}`);
  });
  countEvents(events, findings);
  const { summary } = view;
  if (summary.state !== 'finished') findings.broken.push(`the run is ${summary.state}`);
  if (summary.counts.scored !== options.candidates) findings.broken.push(`${summary.counts.scored} candidates scored`);
  if (summary.counts.failed > 0) findings.broken.push(`${summary.counts.failed} candidates failed`);
  if (summary.selected === null) findings.broken.push('no candidate is selected');
  const document: unknown = JSON.parse(await readFile(paths.document, 'utf8'));
  if (!isDeepStrictEqual(document, asStored({ ...summary, seq: events.length })))
    findings.broken.push('run.json is not what the events mean');
  for (const candidate of view.candidates.values()) {
    const { document: path, program, predictions, trajectory } = paths.candidate(candidate.id);
    const { seq: _, ...stored } = JSON.parse(await readFile(path, 'utf8'));
    if (!isDeepStrictEqual(stored, asStored(candidate)))
      findings.broken.push(`document ${candidate.id} is not what the events mean`);
    const observed = (await StoredTrajectory.read(trajectory)).flatMap((event) =>
      event.type === 'observation' ? [event.callId] : [],
    );
    if (new Set(observed).size < observed.length)
      findings.duplicated.push(`candidate ${candidate.id} has two observations of one call`);
    if (candidate.state !== 'scored') continue;
    if (!existsSync(join(program, 'solution.py'))) findings.lost.push(`the program of candidate ${candidate.id}`);
    if (!existsSync(join(predictions, 'pooled.csv.gz')))
      findings.lost.push(`the predictions of candidate ${candidate.id}`);
  }
  findings.orphans.push(...(await leftovers(options)));
  return findings;
}

function countEvents(events: readonly RunEvent[], { duplicated, broken }: Findings): void {
  const started = new Set<number>();
  const submitted = new Set<number>();
  const ended = new Set<number>();
  const note = (seen: Set<number>, id: number, what: string) => {
    if (seen.has(id)) duplicated.push(`candidate ${id} was ${what} twice`);
    seen.add(id);
  };
  for (const { body } of events) {
    if (body.type === 'candidate_started') note(started, body.candidate.id, 'started');
    if (body.type === 'candidate_submitted') note(submitted, body.id, 'submitted');
    if (body.type === 'candidate_scored' || body.type === 'candidate_failed' || body.type === 'candidate_abandoned')
      note(ended, body.id, 'ended');
  }
  for (const id of started) if (!ended.has(id)) broken.push(`candidate ${id} was started and never ended`);
  for (const type of ['run_finished', 'unsealed'] as const)
    if (events.filter(({ body }) => body.type === type).length > 1) duplicated.push(`${type} came twice`);
}

/** What is left after all should have gone; it is given time to go. */
async function leftovers(options: AuditOptions): Promise<string[]> {
  let left: string[] = [];
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(200)) {
    left = await leftNow(options);
    if (left.length === 0) break;
  }
  return left;
}

async function leftNow({ home, run, census, folders, temporary }: AuditOptions): Promise<string[]> {
  const { paths } = await readRun(home, run);
  const seen = new Map(census.look().map((one) => [one.pid, one]));
  for (const one of livingProcesses()) if (standsIn(one, folders)) seen.set(one.pid, one);
  const left = [...seen.values()].map(({ pid, command }) => `process ${pid}: ${command.slice(0, 120)}`);
  for (const name of readdirSync(temporary)) if (name.startsWith('aira2-')) left.push(`folder ${name}`);
  const workers = census.all().filter(({ command }) => command.includes('worker/main.ts'));
  for (const parent of new Set(Object.values(cgroupParentsHere()?.folders ?? {})))
    for (const name of readdirSync(parent))
      if (workers.some(({ pid }) => new RegExp(`^aira2-\\d+-${pid}-`).test(name))) left.push(`control group ${name}`);
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const path = line.split(' ').at(-1) ?? '';
    if (folders.some((folder) => path.startsWith(folder))) left.push(`socket ${path}`);
  }
  if ((await lockHolder(paths.lock)) !== null) left.push('the lock of the run');
  if (existsSync(paths.discovery)) left.push('server.json');
  for (const name of readdirSync(paths.workers)) if (/^slot-\d+\.json$/.test(name)) left.push(`workers/${name}`);
  for (const name of readdirSync(paths.directory)) if (/\.tmp$|^lock\./.test(name)) left.push(basename(name));
  return left;
}

/** As JSON gives it back: without what is undefined. */
const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
