/**
 * A single-turn operator (the paper's "No Subagents", §4.3.3): one answer of the model is one whole program. Nothing is run
 * before its evaluation; what the next operator learns of it is in the log of that. The trajectory is written down as any
 * other, so that a killed one goes on from its log and is not asked for again.
 */
import * as z from 'zod';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { BudgetExhaustedError } from '../models/budget/budget.ts';
import type { ToolSpec } from '../models/chatModel.ts';
import { budgetEnd } from './budgetEnd.ts';
import { Conversation, modelEvent } from './conversation.ts';
import { type EndReason, TrajectoryEnd } from './limits.ts';
import type { AgentOptions } from './loop.ts';
import { renderPrompt, systemPrompt } from './prompt.ts';
import { type AgentResult, outcomeOf, stepsOf } from './transcript.ts';

const Submission = z.object({
  summary: z
    .string()
    .min(1)
    .max(2000)
    .describe('One line: what this program does, and what it does differently from its parents.'),
  code: z.string().min(1).describe('The whole program: the content of its one file.'),
});
type Submission = z.infer<typeof Submission>;

const { $schema: _, ...parameters } = z.toJSONSchema(Submission, { io: 'input' });

export const submitProgram: ToolSpec = {
  name: 'submit_program',
  description: 'Hand in the program for evaluation. It is run once from a clean slate. This is your one answer.',
  parameters,
};

export type SingleTurnOptions = Pick<
  AgentOptions,
  | 'context'
  | 'model'
  | 'seed'
  | 'log'
  | 'execIdPrefix'
  | 'runRemainingMs'
  | 'recordedTurns'
  | 'saveProgram'
  | 'entryFile'
  | 'signal'
  | 'now'
>;

/** @throws as `runAgent` */
export async function runSingleTurn(options: SingleTurnOptions): Promise<AgentResult> {
  const { context, model, seed, log } = options;
  const before = outcomeOf(log.events);
  if (before !== null) return before;
  const now = options.now ?? Date.now;
  const end = async (reason: EndReason, detail: string, ...more: TrajectoryEvent[]): Promise<AgentResult> => {
    const step = stepsOf(log.events);
    const ended: TrajectoryEvent = { type: 'ended', at: now(), step, reason, detail };
    // Side by side, so that both go to the disk in one write.
    await Promise.all([...more, ended].map((event) => log.append(event)));
    return { reason, detail, steps: step };
  };
  if (log.events.length > 0)
    await log.append({ type: 'resumed', at: now(), step: stepsOf(log.events), sandboxKept: false });
  else
    await log.append({
      type: 'started',
      at: now(),
      model: model.info.id,
      systemPrompt: systemPrompt(context, 'single-turn'),
      prompt: renderPrompt(context, 'single-turn'),
      seed,
      context,
    });
  try {
    if (options.recordedTurns?.isOver(0) === true)
      throw new TrajectoryEnd('time_limit', 'time was up before the model had answered');
    const answer = await answerOf(options, now);
    const { callId, submission } = submissionIn(answer);
    await options.saveProgram([programFile(options.entryFile, submission.code)]);
    const observed: TrajectoryEvent[] =
      callId === null
        ? []
        : [
            {
              type: 'observation',
              at: now(),
              step: answer.step,
              callId,
              observation: { text: 'Submitted.', outcome: 'ok', durationMs: 0 },
            },
          ];
    return await end('submitted', submission.summary, ...observed);
  } catch (thrown) {
    const error = thrown instanceof BudgetExhaustedError ? budgetEnd(thrown, { events: log.events, context }) : thrown;
    if (!(error instanceof TrajectoryEnd)) throw error;
    return end(error.reason, error.message);
  }
}

type ModelEvent = Extract<TrajectoryEvent, { type: 'model' }>;

/** The one answer: the log's, if the model was asked before a crash. */
async function answerOf(options: SingleTurnOptions, now: () => number): Promise<ModelEvent> {
  const { log } = options;
  const known = log.events.findLast((event) => event.type === 'model');
  if (known?.type === 'model') return known;
  const conversation = new Conversation({
    ...options,
    agent: options.execIdPrefix,
    now,
    standing: () => 'one answer',
    remainingMs: () => Math.min(options.context.limits.trajectoryS * 1000, options.runRemainingMs()),
    tools: [submitProgram],
    operators: 'single-turn',
  });
  const event = modelEvent(await conversation.next({ isLast: false }), 1, now());
  await log.append(event);
  return event;
}

/** From the call, or from a program that stands in the words. @throws {TrajectoryEnd} if there is neither */
function submissionIn({ calls, reason, finish }: ModelEvent): { callId: string | null; submission: Submission } {
  let problem = `the answer held no program (${finish})`;
  for (const call of calls) {
    const parsed = Submission.safeParse(call.arguments);
    if (call.name === submitProgram.name && parsed.success) return { callId: call.id, submission: parsed.data };
    const words = parsed.success ? 'there is no such tool' : z.prettifyError(parsed.error).replaceAll('\n', '; ');
    problem = `${call.name}: ${words}`;
  }
  const { code, words } = codeIn(reason);
  if (code.trim() === '') throw new TrajectoryEnd('malformed_calls', problem);
  const summary = words.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
  return { callId: null, submission: { code, summary: summary || 'a program without a word' } };
}

/** The longest fenced block of Python, or of no language, and the words around all blocks. */
function codeIn(text: string): { code: string; words: string } {
  const words: string[] = [];
  let code = '';
  let block: { lines: string[]; isProgram: boolean } | null = null;
  for (const line of text.split('\n')) {
    const fence = /^```(\w*)/.exec(line);
    if (fence === null) (block?.lines ?? words).push(line);
    else if (block === null) block = { lines: [], isProgram: /^(?:python3?|py)?$/i.test(fence[1] ?? '') };
    else {
      const content = `${block.lines.join('\n')}\n`;
      if (block.isProgram && content.length > code.length) code = content;
      block = null;
    }
  }
  return { code, words: words.join('\n') };
}

function programFile(entryFile: string | null, code: string): ProgramFile {
  const text = code.endsWith('\n') ? code : `${code}\n`;
  return { path: entryFile ?? 'solution.py', contentBase64: Buffer.from(text).toString('base64') };
}
