/**
 * What a candidate costs beside its own work, with real workers and sandboxes: a model that answers at once (one bash call that
 * writes the program, then the submission) and a program that only copies ids. All CPU of all processes counts, minus that of
 * the bare program; then its parts one by one. Needs root for a complete account of the CPU.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import pino from 'pino';
import { RunHost } from '../server/api/runHost.ts';
import { evaluationRequest } from '../server/evaluation/runContract.ts';
import { RunStore } from '../server/store/runStore.ts';
import { createBwrapDriver } from '../server/worker/sandbox/bwrap.ts';
import { SandboxRunner } from '../server/worker/sandboxRunner.ts';
import { SlotRecord } from '../server/workers/slotRecord.ts';
import { runStarted } from '../test/support/candidates.ts';
import { type LinearTask, linearTask, venv } from '../test/support/linearTask.ts';
import { linearProgram, scriptedModel, writeProgram } from '../test/support/scriptedModel.ts';
import { type CpuAccount, cpuOfProcessMs, openCpuAccount } from './simulation/cpuAccount.ts';

export const description =
  'CPU for each candidate over an ideal pool, with real workers and sandboxes [--candidates 40]';

export async function run(args: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args,
    options: { candidates: { type: 'string', default: '40' }, workers: { type: 'string', default: '2' } },
  });
  const account = openCpuAccount();
  if (account === null)
    throw new Error(
      'there is no control group that counts CPU here (cgroup v1 cpuacct, as root): nothing to measure by',
    );
  await using toy = await linearTask();
  try {
    const program = await bareProgram(toy, account);
    const whole = await wholeRun(toy, account, Number(values.candidates), Number(values.workers));
    const parts = await partsAlone(toy, account);
    return {
      bar: { overheadCpuMs: 150 },
      overheadCpuMs: rounded(whole.cpuMs - program.cpuMs),
      candidate: whole,
      bareProgram: program,
      parts,
    };
  } finally {
    account.close();
  }
}

/** One run; CPU and seconds for each candidate, from the first start to the end of the search. */
async function wholeRun({ task, home }: LinearTask, account: CpuAccount, candidates: number, workers: number) {
  const store = await RunStore.create(home, '20260101-000000-linear-ff01', {
    ...runStarted({ task: 'linear', candidates, workers, drafts: workers }),
    metric: { name: 'RMSE', direction: 'minimize' },
  });
  const model = scriptedModel({ program: ({ seed }) => linearProgram((seed % 1000) / 100) });
  const log = pino({ level: 'error' }, pino.destination(2));
  const host = await RunHost.start({ store, task, model, venv, log });
  const pids = workerPids(store.paths.workers);
  const scorer = scorerPid();
  const now = () => ({
    all: account.usedMs(),
    server: cpuOfProcessMs(process.pid),
    workers: pids.reduce((sum, pid) => sum + cpuOfProcessMs(pid), 0),
    scorer: scorer === null ? 0 : cpuOfProcessMs(scorer),
    at: performance.now(),
  });
  const before = now();
  let after = before;
  store.subscribe(store.view.lastSeq, ({ body }) => {
    if (body.type === 'run_stopping') after = now();
  });
  await host.run();
  const { scored, failed } = store.view.summary.counts;
  await store.close();
  const each = (key: keyof typeof before) => rounded((after[key] - before[key]) / candidates);
  const sandboxes = each('all') - each('server') - each('workers') - each('scorer');
  return {
    scored,
    failed,
    wallMs: each('at'),
    cpuMs: each('all'),
    of: {
      server: each('server'),
      workers: each('workers'),
      scorer: each('scorer'),
      /** Both sandboxes, the shell, the interpreters, and the program itself. */
      sandboxes: rounded(sandboxes),
    },
  };
}

/** What happens in sandboxes, one thing at a time; the worker's own CPU is in it. */
async function partsAlone({ task }: LinearTask, account: CpuAccount) {
  const driver = await createBwrapDriver();
  const slot = { slot: 90, cpuList: [], gpuUuid: null, venv };
  const limits = { cpus: 1, memoryMb: 1000, diskMb: 100, pids: 256 };
  const sandbox = { id: 'bench', mounts: [], environment: {}, limits, ...slot };
  const runner = new SandboxRunner(driver, slot);
  const context = { signal: new AbortController().signal, onOutput: () => undefined };
  const [view] = task.views;
  if (view === undefined) throw new Error('the toy task has no view');
  const contentBase64 = Buffer.from(linearProgram(3)).toString('base64');
  const program = [{ path: 'solution.py', contentBase64 }];
  const evaluation = evaluationRequest(task, view, { program, seed: 1, cpus: 1 });
  const spec = { mounts: [], environment: {}, limits, files: [] };
  const command = writeProgram(linearProgram(3));
  let sessions = 0;
  const measure = (work: () => Promise<unknown>) => perRound(account, 12, work);
  return {
    pythonStart: await measure(() => execa(`${venv}/bin/python`, ['-c', 'pass'])),
    sandboxStartAndKill: await measure(async () => (await driver.start(sandbox)).kill()),
    /** Sandbox, shell, one bash call that writes a program, export of the program, kill. */
    agentSession: await measure(async () => {
      sessions += 1;
      const session = `s${sessions}`;
      runner.open(session, spec);
      await runner.run({ kind: 'bash', session, command, timeoutMs: 60_000 }, context);
      const directory = '/workspace/program';
      await runner.run({ kind: 'export', session, directory, maxFiles: 10, maxBytes: 1e6 }, context);
      await runner.close(session);
    }),
    /** Sandbox, supervisor, the program, its output handed out, kill. */
    evaluation: await measure(() => runner.run(evaluation, context)),
  };
}

/** The program as an ideal pool would run it: nothing around it. */
async function bareProgram({ task, home }: LinearTask, account: CpuAccount) {
  const source = linearProgram(3);
  const env = { AIRA_EVAL_DIR: join(task.publicDirectory, 'eval'), AIRA_OUT_DIR: home };
  const measured = await perRound(account, 12, () => execa(`${venv}/bin/python`, ['-c', source], { env }));
  return measured;
}

async function perRound(account: CpuAccount, rounds: number, work: () => Promise<unknown>) {
  await work();
  const before = { cpu: account.usedMs(), at: performance.now() };
  for (let round = 0; round < rounds; round += 1) await work();
  const cpuMs = rounded((account.usedMs() - before.cpu) / rounds);
  return { cpuMs, wallMs: rounded((performance.now() - before.at) / rounds) };
}

function workerPids(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => /^slot-\d+\.json$/.test(name))
    .flatMap((name) => {
      const { process: known } = SlotRecord.parse(JSON.parse(readFileSync(join(directory, name), 'utf8')));
      return known === null ? [] : [known.pid];
    });
}

/** The child of this process that scores. */
function scorerPid(): number | null {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const scorer = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('score.py'));
  return scorer === undefined ? null : Number(scorer);
}

const rounded = (value: number) => Math.round(value * 10) / 10;
