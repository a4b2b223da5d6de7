/** Plays the engine for the built-in researcher: runs its tool calls for real, in a temporary folder, without a sandbox. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ChatMessage, ChatModel, MessagePart, ToolSpec } from '../../server/models/chatModel.ts';
import type { OperatorContext, ProgramText } from '../../server/models/operatorContext.ts';

export interface DriveOptions {
  readonly model: ChatModel;
  readonly context: OperatorContext;
  readonly seed: number;
  /** Working folder of the trajectory, made and owned by the caller. */
  readonly workspace: string;
  readonly trainDirectory: string;
  readonly evalDirectory: string;
  /** Folder with `python`. */
  readonly pythonBin: string;
  /** Turns (from 0) whose result is taken away as by a lost machine; the workspace is emptied. */
  readonly loseAt?: readonly number[];
}

export interface Driven {
  readonly messages: ChatMessage[];
  readonly summary: string | null;
  readonly program: ProgramText;
  readonly seconds: number;
}

const tools: ToolSpec[] = ['bash', 'python', 'submit'].map((name) => ({ name, description: '', parameters: {} }));
const mostTurns = 40;

/** The project's own virtual environment. */
export const pythonBin = path.resolve(import.meta.dirname, '../../.venv/bin');

export async function drive(options: DriveOptions): Promise<Driven> {
  const { model, context, seed, workspace } = options;
  const messages: ChatMessage[] = [{ role: 'user', parts: [{ type: 'text', text: 'Begin.' }] }];
  const started = Date.now();
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const response = await model.generate({
      system: '',
      messages,
      tools,
      toolMode: 'auto',
      maxOutputTokens: 1,
      seed,
      context,
      signal: new AbortController().signal,
    });
    messages.push({ role: 'model', parts: response.parts });
    const call = response.parts.find((part) => part.type === 'call');
    if (call === undefined) break;
    if (options.loseAt?.includes(turn)) {
      for (const name of await readdir(workspace)) await rm(path.join(workspace, name), { recursive: true });
      messages.push(resultOf(call, 'The machine went away.\n[interrupted · 0.0 s · step 1/60 · 13 min left]', true));
      continue;
    }
    const args = call.arguments as Record<string, string>;
    if (call.name === 'submit') {
      const folder = path.join(workspace, 'program');
      const program = await programIn(folder);
      if (Object.keys(program).length === 0) {
        messages.push(resultOf(call, 'Not submitted: no files.\n[error · 0.1 s · step 1/60 · 13 min left]', true));
        continue;
      }
      messages.push(resultOf(call, 'Submitted.\n[ok · 0.1 s · step 1/60 · 13 min left]', false));
      return { messages, summary: args.summary ?? null, program, seconds: (Date.now() - started) / 1000 };
    }
    const argv = call.name === 'python' ? ['python', '-c', args.code ?? ''] : ['bash', '-c', args.command ?? ''];
    const { code, output } = await execute(argv, options, Number(args.timeout_s ?? 60));
    const word = code === 0 ? 'ok' : code === null ? 'timeout' : 'error';
    messages.push(resultOf(call, `${output}\n[${word} · 1.2 s · step ${turn + 1}/60 · 13 min left]`, code !== 0));
  }
  return { messages, summary: null, program: {}, seconds: (Date.now() - started) / 1000 };
}

function resultOf(call: Extract<MessagePart, { type: 'call' }>, text: string, isError: boolean): ChatMessage {
  return { role: 'user', parts: [{ type: 'result', callId: call.id, name: call.name, text, isError }] };
}

async function programIn(folder: string, prefix = ''): Promise<ProgramText> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const files: ProgramText = {};
  for (const entry of entries) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) Object.assign(files, await programIn(at, `${prefix}${entry.name}/`));
    else files[`${prefix}${entry.name}`] = await readFile(at, 'utf8');
  }
  return files;
}

/** Environment of the run contract. */
export function runEnvironment(
  options: Pick<DriveOptions, 'trainDirectory' | 'evalDirectory' | 'pythonBin'>,
  out: string,
) {
  return {
    PATH: `${options.pythonBin}:/usr/bin:/bin`,
    HOME: '/tmp',
    AIRA_TRAIN_DIR: options.trainDirectory,
    AIRA_EVAL_DIR: options.evalDirectory,
    AIRA_OUT_DIR: out,
    AIRA_SEED: '1',
    AIRA_TIME_LIMIT_S: '300',
    AIRA_CPUS: '1',
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
  };
}

async function execute(
  argv: string[],
  options: DriveOptions,
  timeoutS: number,
): Promise<{ code: number | null; output: string }> {
  const [command = 'true', ...args] = argv;
  return runProcess(
    command,
    args,
    options.workspace,
    runEnvironment(options, path.join(options.workspace, 'out')),
    timeoutS,
  );
}

/** Runs a process in its own group; output is bounded, and everything of it is killed at the deadline. */
export function runProcess(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string>,
  timeoutS: number,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-60_000);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const deadline = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutS * 1000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(deadline);
      resolve({ code, output });
    });
  });
}

/** Puts a program on disk and runs it from a clean folder. */
export async function runProgram(
  program: ProgramText,
  folder: string,
  options: Pick<DriveOptions, 'trainDirectory' | 'evalDirectory' | 'pythonBin'>,
): Promise<{ code: number | null; output: string; seconds: number; outDirectory: string }> {
  for (const [name, text] of Object.entries(program)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  const outDirectory = path.join(folder, 'out');
  const started = Date.now();
  const done = await runProcess('python', ['solution.py'], folder, runEnvironment(options, outDirectory), 200);
  return { ...done, seconds: (Date.now() - started) / 1000, outDirectory };
}
