/**
 * One program, from a clean slate, in a sandbox of its own (§3.3): what it wrote to its output file is streamed out from
 * inside after everything else there is dead, and never opened by the host. Time is taken and enforced here, outside.
 */
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf } from '../../protocol/thrown.ts';
import type { ExecutionRequest, ExecutionResult } from '../../protocol/worker.ts';
import { isDiskFull } from '../disk.ts';
import { programFile } from '../programFiles.ts';
import { type SlotOptions, sandboxOptions } from './agentSandbox.ts';
import { layFiles } from './sandbox/files.ts';
import { descendantsOf } from './sandbox/processTree.ts';
import type { Sandbox, SandboxDriver, SandboxedProcess, SandboxProcess } from './sandbox/sandbox.ts';
import { type OutputBounds, OutputWindow } from './sessions/outputWindow.ts';
import { composeText } from './sessions/resultText.ts';
import { LiveOutput, sayDuration } from './sessions/toolResult.ts';
import { type ProgramEnd, type SupervisedOutput, SupervisorStream } from './supervisorStream.ts';

export type EvaluateRequest = Extract<ExecutionRequest, { kind: 'evaluate' }>;
export type EvaluationResult = Extract<ExecutionResult, { kind: 'evaluated' | 'infrastructure_error' }>;

export interface EvaluationOptions extends SlotOptions {
  /** Opaque name of the sandbox. */
  id: string;
  /** Aborting kills the sandbox; the result is an infrastructure error that says so. */
  signal?: AbortSignal | undefined;
  onOutput?: ((text: string) => void) | undefined;
}

const supervisor = readFileSync(programFile('server/worker/evaluation_supervisor.py'), 'utf8');
const logBounds: OutputBounds = { headBytes: 4_000, tailBytes: 16_000, fileBytes: 0, handedBytes: 0 };
const startDeadlineMs = 60_000;
const handOutDeadlineMs = 60_000;
/** gzip makes what cannot be compressed a little longer. */
const gzipOverheadBytes = 1024 * 1024;
const unzip = promisify(gunzip);

class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** Never throws: whatever is not the program's own doing is an `infrastructure_error`. */
export async function runEvaluation(
  driver: SandboxDriver,
  request: EvaluateRequest,
  options: EvaluationOptions,
): Promise<EvaluationResult> {
  const { id, slot, cpuList, gpuUuid, venv, signal } = options;
  let sandbox: Sandbox | null = null;
  const cancelled = Promise.withResolvers<never>();
  cancelled.promise.catch(() => undefined);
  const cancel = () => cancelled.reject(new Cancelled('the evaluation was cancelled'));
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  try {
    sandbox = await driver.start(sandboxOptions(id, { slot, cpuList, gpuUuid, venv }, request.spec));
    return await Promise.race([evaluateIn(sandbox, request, options), cancelled.promise]);
  } catch (error) {
    const message = messageOf(error);
    return { kind: 'infrastructure_error', message, ...(isDiskFull(error) ? { diskFull: true } : {}) };
  } finally {
    signal?.removeEventListener('abort', cancel);
    await sandbox?.kill();
  }
}

async function evaluateIn(
  sandbox: Sandbox,
  request: EvaluateRequest,
  options: EvaluationOptions,
): Promise<EvaluationResult> {
  await layFiles(sandbox, '/workspace', request.spec.files);
  const spawning = performance.now();
  const process = await sandbox.spawn([
    ...['python', '-I', '-S', '-c', supervisor, sandbox.ownsProcessIds ? 'own' : 'shared', sandbox.path('/out')],
    ...[request.output, String(request.maxOutputBytes), ...request.command],
  ]);
  try {
    return await supervise(sandbox, process, request, { ...options, spawning });
  } finally {
    process.release();
  }
}

async function supervise(
  sandbox: Sandbox,
  process: SandboxProcess,
  request: EvaluateRequest,
  options: EvaluationOptions & { spawning: number },
): Promise<EvaluationResult> {
  const window = new OutputWindow(logBounds, null);
  const live = new LiveOutput(options.onOutput);
  process.stderr.on('data', (chunk: Buffer) => {
    window.write(chunk, null);
    live.write(chunk);
  });
  const stream = new SupervisorStream(process.stdout, request.maxOutputBytes + gzipOverheadBytes);
  await within(stream.started, startDeadlineMs, async () => {
    throw new Error(`the program's supervisor did not start in ${startDeadlineMs / 1000} s`);
  });
  const begun = performance.now();
  const ended = await within<ProgramEnd | null | 'timeout'>(stream.ended, request.timeoutMs, async () => 'timeout');
  const now = performance.now();
  const timedOut = ended === 'timeout';
  const toldMs = timedOut || ended === null ? 0 : ended.ms;
  // What it said at the beginning and at the end may have come together. Never is it more than can be.
  const durationMs = Math.max(now - begun, Math.min(toldMs, now - options.spawning));
  const taken = timedOut
    ? { problem: `was not taken: the program was stopped after ${sayDuration(request.timeoutMs)}` }
    : await handOut(sandbox, process, stream);
  const outOfMemory = sandbox.outOfMemoryKills() > 0;
  if (sandbox.dead && !outOfMemory && !timedOut) throw new Error('the sandbox ended under the program');
  const peakMemoryMb = sandbox.peakMemoryMb();
  // What it wrote last may still be on the way.
  await sandbox.kill();
  live.flush();
  const log = composeText(await window.finish(), null, []);
  const output = await checked(taken, request);
  const exitCode = timedOut || ended === null ? null : ended.code < 0 ? 128 - ended.code : ended.code;
  return { kind: 'evaluated', exitCode, timedOut, outOfMemory, durationMs, peakMemoryMb, log, ...output };
}

/** Kills what the program has left behind, then lets the supervisor hand out the file. */
async function handOut(sandbox: Sandbox, process: SandboxProcess, stream: SupervisorStream): Promise<SupervisedOutput> {
  await killOthers(sandbox, process);
  process.stdin.end('\n');
  return within(stream.output, handOutDeadlineMs, async () => ({ problem: 'was not handed out in time' }));
}

/** Kills all descendants of the supervisor, and every process that has run away from it. */
async function killOthers(sandbox: Sandbox, supervisorProcess: SandboxProcess): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const processes = await sandbox.processes();
    const own = processes.find(({ pid }) => pid === supervisorProcess.pid);
    // The program has killed it: there is nothing to protect, and nothing will be handed out.
    if (own === undefined) return;
    // Itself and its ancestors, up to the sandbox's first process.
    const kept = new Set<number>();
    const byHostPid = new Map(processes.map((each) => [each.hostPid, each]));
    for (let at: SandboxedProcess | undefined = own; at !== undefined; at = byHostPid.get(at.parentHostPid))
      kept.add(at.hostPid);
    const others = processes.filter(({ hostPid }) => !kept.has(hostPid));
    if (others.length === 0) return;
    for (const other of others.flatMap((each) => [each, ...descendantsOf(processes, each.hostPid)])) {
      sandbox.signal(other, 'SIGKILL');
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Opens the zipped bytes within their limit: what the program may have put there is not passed on unread. */
async function checked(
  taken: SupervisedOutput,
  request: EvaluateRequest,
): Promise<{ outputGzipBase64: string | null; outputProblem: string | null }> {
  const problem = (what: string) => ({ outputGzipBase64: null, outputProblem: `/out/${request.output} ${what}` });
  if ('problem' in taken) return problem(taken.problem);
  try {
    await unzip(taken.file, { maxOutputLength: request.maxOutputBytes + 1 });
  } catch {
    return problem(`came out broken, or larger than ${request.maxOutputBytes.toLocaleString('en-US')} bytes`);
  }
  return { outputGzipBase64: taken.file.toString('base64'), outputProblem: null };
}

async function within<T>(promise: Promise<T>, ms: number, late: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.min(ms, 2 ** 31 - 1));
  });
  try {
    const first = await Promise.race([promise.then((value) => ({ value })), deadline]);
    return first === 'late' ? await late() : first.value;
  } finally {
    clearTimeout(timer);
  }
}
