/**
 * The ReAct loop (§3.4): reason, act, observe, until `submit`. It reads as prose; every way out has a name. Each event is on
 * disk before the next thing happens, so a killed loop goes on from its log.
 */

import type { Observation, ToolCall, TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { BudgetExhaustedError } from '../models/budget/budget.ts';
import type { TrajectoryLog } from '../models/budget/trajectoryAccount.ts';
import type { ChatModel } from '../models/chatModel.ts';
import type { OperatorContext } from '../models/operatorContext.ts';
import { budgetEnd } from './budgetEnd.ts';
import { type Answer, Conversation, modelEvent } from './conversation.ts';
import type { KeptOutputs } from './keptOutputs.ts';
import { BudgetTooSmallError, type EndReason, InterruptedError, TrajectoryEnd } from './limits.ts';
import { currentStreak, hardRepeats } from './loopDetection.ts';
import { type Peers, statedIdea, wasToldOfDuplicate } from './peers.ts';
import { renderPrompt, systemPrompt } from './prompt.ts';
import type { RecordedTurns } from './recordedTurns.ts';
import { type Rehearsals, rehearsedDirectory, rehearsedIdea } from './rehearsal.ts';
import { parseToolCall, type ToolRequest } from './tools.ts';
import { type AgentResult, activeMsOf, outcomeOf, stepsOf, unansweredCalls } from './transcript.ts';
import { maxUnusable, unusableInARow, wasNudged } from './unusableAnswers.ts';
import type { Collected, ToolOutcome, Workbench } from './workbench.ts';

export interface AgentOptions {
  context: OperatorContext;
  model: ChatModel;
  seed: number;
  log: TrajectoryLog;
  workbench: Workbench;
  /** Names this agent's executions: `<prefix>-<step>-<n>`. */
  execIdPrefix: string;
  /** Milliseconds of work left to the run itself: an agent never plans past it. */
  runRemainingMs: () => number;
  /** Puts the submitted program on disk, whole, before the trajectory says that it was submitted. */
  saveProgram: (files: ProgramFile[]) => Promise<void>;
  /** File that every program must have, e.g. `solution.py`. */
  entryFile: string | null;
  /** Programs that ran to their end in the sandbox, for an agent that never submits; absent: such an agent fails. */
  rehearsals?: Rehearsals;
  /** Where long outputs are kept for people; absent: nowhere. */
  outputs?: KeptOutputs;
  /** Absent: the agent is on its own. */
  peers?: Peers;
  /** In a replay: where time ran out. Absent: clocks say so. */
  recordedTurns?: RecordedTurns;
  signal: AbortSignal;
  now?: () => number;
}

/** Below this the agent is told to submit what it has, and offered nothing else. */
const finalWarningMs = 60_000;
/** Between the end of a tool call on the worker and the look at what it wrote. */
const rehearsalSlackMs = 5_000;

/**
 * Runs, or resumes, one trajectory.
 * @throws {InterruptedError} if `signal` fired: the log can be resumed. @throws {ProviderStoppedError} {BudgetTooSmallError}
 */
export async function runAgent(options: AgentOptions): Promise<AgentResult> {
  const before = outcomeOf(options.log.events);
  if (before !== null) return before;
  const agent = new Agent(options);
  try {
    await agent.begin();
    for (;;) {
      const summary = await agent.step();
      if (summary !== null) return { reason: 'submitted', detail: summary, steps: agent.steps };
    }
  } catch (error) {
    if (!(error instanceof TrajectoryEnd)) throw error;
    return agent.end(error.reason, error.message);
  }
}

class Agent {
  readonly #options: AgentOptions;
  readonly #now: () => number;
  readonly #conversation: Conversation;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#conversation = new Conversation({
      ...options,
      agent: options.execIdPrefix,
      now: this.#now,
      standing: () => this.#standing(),
      remainingMs: () => this.#remainingMs(),
    });
  }

  get steps(): number {
    return stepsOf(this.#events);
  }

  get #events(): readonly TrajectoryEvent[] {
    return this.#options.log.events;
  }

  async begin(): Promise<void> {
    const { context, model, seed, workbench, log } = this.#options;
    if (this.#events.length === 0) {
      const written = log.append({
        type: 'started',
        at: this.#now(),
        model: model.info.id,
        systemPrompt: systemPrompt(context),
        prompt: renderPrompt(context),
        seed,
        context,
      });
      // Nobody acts on it alone, and what comes next is written behind it: if this fails, so does that.
      written.catch(() => undefined);
      return;
    }
    await log.append({ type: 'resumed', at: this.#now(), step: this.steps, sandboxKept: workbench.kept });
  }

  /** One turn. Resolves to the submission's summary when there is one. */
  async step(): Promise<string | null> {
    const cutOff = unansweredCalls(this.#events);
    if (cutOff.length > 0) return this.#perform(cutOff, { recovered: true });

    if (this.#options.signal.aborted) throw new InterruptedError('the trajectory was interrupted');
    await this.#endFutility();
    const { maxSteps } = this.#options.context.limits;
    if (this.steps >= maxSteps)
      throw new TrajectoryEnd('step_limit', `all ${maxSteps} steps were used without a submission`);
    if (this.#isTimeUp()) throw new TrajectoryEnd('time_limit', 'time was up without a submission');

    const isLast = this.steps === maxSteps - 1 || this.#isTimeForOneTurn();
    if (isLast) await this.#warnOnce();
    else await this.#hearNews();
    return this.#perform(await this.#answer(isLast), { recovered: false });
  }

  /** Where the budget has no room for another turn, there is still the last one: it has been held back. */
  async #answer(isLast: boolean): Promise<ToolCall[]> {
    try {
      return await this.#record(await this.#conversation.next({ isLast }), isLast);
    } catch (error) {
      if (!(error instanceof BudgetExhaustedError)) throw error;
      const end = budgetEnd(error, { events: this.#events, context: this.#options.context });
      if (isLast || end instanceof BudgetTooSmallError) throw end;
      await this.#warnOnce();
      return this.#answer(true);
    }
  }

  /** An agent that ends without a submission still hands in what the engine has seen run to its end. */
  async end(reason: Exclude<EndReason, 'submitted'>, detail: string): Promise<AgentResult> {
    const kept = (await this.#options.rehearsals?.kept()) ?? null;
    if (kept !== null) await this.#options.saveProgram(kept);
    await this.#ended(reason, detail, kept === null ? {} : { autosubmitted: true });
    const result = { reason, detail, steps: this.steps };
    return kept === null ? result : { ...result, autosubmitted: rehearsedIdea(this.#events) };
  }

  #ended(reason: EndReason, detail: string, more: { autosubmitted?: true } = {}): Promise<void> {
    return this.#options.log.append({ type: 'ended', at: this.#now(), step: this.steps, reason, detail, ...more });
  }

  /** An agent that gets nowhere is told once, then ended: unusable answers in a row, or the same steps over and over. */
  async #endFutility(): Promise<void> {
    if (unusableInARow(this.#events) >= maxUnusable)
      throw new TrajectoryEnd('malformed_calls', `${maxUnusable} unusable answers in a row`);
    const streak = currentStreak(this.#events);
    if (streak === null) return;
    const what = streak.length === 1 ? 'the same step' : `the same ${streak.length} steps`;
    if (streak.repeats >= hardRepeats)
      throw new TrajectoryEnd('looping', `${what} came ${streak.repeats} times in a row, with the same results`);
    if (!streak.nudged)
      await this.#notice(
        'looping',
        `You have done ${what} ${streak.repeats} times in a row, and the results were the same. Do something else: find out why, try another way, or submit what you have.`,
      );
  }

  async #record(response: Answer, isLast: boolean): Promise<ToolCall[]> {
    const event = modelEvent(response, this.steps + 1, this.#now());
    await this.#options.log.append(isLast ? { ...event, isLast } : event);
    const { calls } = event;
    if (calls.length > 0) return calls;
    const { kind, raw } = response.finish;
    if (kind === 'malformed' || kind === 'length') {
      const hint = kind === 'length' ? ' It was too long: write large files in several calls.' : '';
      await this.#notice(
        'unusable_answer',
        `Your answer could not be used (${raw}).${hint} Answer again, with one complete tool call.`,
      );
      return [];
    }
    if (wasNudged(this.#events))
      throw new TrajectoryEnd('no_tool_call', 'the model stopped calling tools and did not submit');
    await this.#notice(
      'no_tool_call',
      'You called no tool. Go on with `bash` or `python`, or call `submit` if the program is ready.',
    );
    return [];
  }

  async #perform(calls: ToolCall[], { recovered }: { recovered: boolean }): Promise<string | null> {
    for (const call of calls) {
      const parsed = parseToolCall(call.name, call.arguments);
      if ('problem' in parsed) {
        await this.#observe(call, { outcome: 'invalid_call', text: parsed.problem, durationMs: 0 });
        continue;
      }
      const summary = await this.#act(call, parsed.request, recovered);
      if (summary !== null) return summary;
    }
    return null;
  }

  async #act(call: ToolCall, request: ToolRequest, recovered: boolean): Promise<string | null> {
    const { workbench, context, signal } = this.#options;
    const execId = this.#execId(call);
    // After a crash an execution may be asked for again only where the worker can recognise it: in the same sandbox.
    if (recovered && !workbench.kept) {
      await this.#observe(call, {
        outcome: 'interrupted',
        text: 'The machine your sandbox was on went away while this ran. It may or may not have happened. You now have a fresh sandbox: files, variables and processes of before are gone.',
        durationMs: 0,
      });
      return null;
    }
    if (request.name === 'submit') return this.#submit(call, execId, request);
    const timeoutMs = Math.min(
      context.limits.toolTimeoutS * 1000,
      (request.timeout_s ?? Number.POSITIVE_INFINITY) * 1000,
      this.#timeForTool(call),
    );
    const commit = async (result: ToolOutcome) => {
      // What was cut off by a shutdown is left open: the resumed agent is told, or gets the result after all.
      if (signal.aborted && result.outcome !== 'ok') throw new InterruptedError('the trajectory was interrupted');
      const { outcome, text, durationMs, fullTextPath } = result;
      const inSandbox = fullTextPath === null ? {} : { fullTextPath };
      await this.#observe(call, { outcome, text, durationMs, ...inSandbox, ...(await this.#kept(execId, result)) });
    };
    if (request.name === 'bash') await workbench.bash(execId, request.command, timeoutMs, commit);
    else await workbench.python(execId, request.code, timeoutMs, commit);
    await this.#keepRehearsed(call, execId);
    return null;
  }

  async #kept(execId: string, { fullTextGzipBase64: packed }: ToolOutcome): Promise<{ keptOutput?: string }> {
    const name = packed === undefined ? null : await this.#options.outputs?.keep(execId, Buffer.from(packed, 'base64'));
    return name == null ? {} : { keptOutput: name };
  }

  /** A program that just ran to its end and wrote predictions is kept: it can be submitted for an agent that does not. */
  async #keepRehearsed(call: ToolCall, execId: string): Promise<void> {
    const { rehearsals, workbench, entryFile, log } = this.#options;
    if (rehearsals === undefined || entryFile === null) return;
    const found = rehearsedDirectory(this.#events, call, { entryFile, interpreter: rehearsals.interpreter });
    if (found === null) return;
    const proof = { path: rehearsals.predictions, withinMs: found.durationMs + rehearsalSlackMs };
    const keep = async (collected: Collected) => {
      if (this.#problemWith(found.directory, collected) !== null || 'refused' in collected) return;
      await rehearsals.keep(collected.files);
      const { directory } = found;
      await log.append({
        type: 'rehearsed',
        at: this.#now(),
        step: this.steps,
        directory,
        files: collected.files.length,
      });
    };
    await workbench.collect(`${execId}-kept`, found.directory, keep, proof);
  }

  async #submit(
    call: ToolCall,
    execId: string,
    request: Extract<ToolRequest, { name: 'submit' }>,
  ): Promise<string | null> {
    const started = this.#now();
    let accepted = false;
    await this.#options.workbench.collect(execId, request.directory, async (collected) => {
      const durationMs = Math.max(0, this.#now() - started);
      const problem = this.#problemWith(request.directory, collected);
      if (problem !== null || 'refused' in collected) {
        await this.#observe(call, { outcome: 'error', text: `Not submitted: ${problem}`, durationMs });
        return;
      }
      if (await this.#holdUp(call, collected.files, durationMs)) return;
      await this.#options.saveProgram(collected.files);
      const text = `Submitted ${collected.files.length} files.`;
      // Side by side, so that both go to the disk in one write.
      await Promise.all([
        this.#observe(call, { outcome: 'ok', text, durationMs }),
        this.#ended('submitted', request.summary),
      ]);
      accepted = true;
    });
    return accepted ? request.summary : null;
  }

  /** Tells the agent, once and while it can still do something about it, that its program is there already. */
  async #holdUp(call: ToolCall, files: ProgramFile[], durationMs: number): Promise<boolean> {
    const { peers, context, log, recordedTurns } = this.#options;
    // In a replay it is told what it was told.
    const isShort = recordedTurns === undefined && this.#remainingMs() < this.#finalWarningMs();
    const last = this.#events.findLast((event) => event.type === 'model');
    const isLate = this.steps >= context.limits.maxSteps || isShort || last?.isLast === true;
    if (peers === undefined || isLate || wasToldOfDuplicate(this.#events)) return false;
    const repeated = await peers.repeated(files, this.steps);
    if (repeated === null) return false;
    const { duplicate, words: text } = repeated;
    await Promise.all([
      log.append({ type: 'near_duplicate', at: this.#now(), step: this.steps, duplicate, text }),
      this.#observe(call, { outcome: 'error', text, durationMs }),
    ]);
    return true;
  }

  async #hearNews(): Promise<void> {
    const { peers } = this.#options;
    if (peers === undefined || statedIdea(this.#events) !== null) return;
    const news = peers.news(this.steps);
    if (news !== null) await this.#notice('peer_ideas', news);
  }

  #problemWith(directory: string, collected: Collected): string | null {
    if ('refused' in collected) return collected.refused;
    const { entryFile } = this.#options;
    const paths = collected.files.map((file) => file.path);
    if (entryFile === null || paths.includes(entryFile)) return null;
    return `${directory} has no ${entryFile}; it holds ${paths.slice(0, 20).join(', ') || 'nothing'}.`;
  }

  /** Writes the observation with what an agent needs to plan: duration, step, time left (§3.2, stateful interaction). */
  async #observe(call: ToolCall, observation: Observation): Promise<void> {
    const words = observation.outcome.replaceAll('_', ' ');
    const footer = `[${words} · ${seconds(observation.durationMs)} · ${this.#standing()}]`;
    const text = observation.text === '' ? footer : `${observation.text.replace(/\n$/, '')}\n${footer}`;
    await this.#options.log.append({
      type: 'observation',
      at: this.#now(),
      step: this.steps,
      callId: call.id,
      observation: { ...observation, text },
    });
  }

  #standing(): string {
    return `step ${this.steps}/${this.#options.context.limits.maxSteps} · ${timeLeft(this.#remainingMs())}`;
  }

  async #warnOnce(): Promise<void> {
    if (this.#events.some((event) => event.type === 'notice' && event.kind === 'final_warning')) return;
    await this.#notice(
      'final_warning',
      'This is your last turn: time, steps or budget are about to run out. Call `submit` now with the best program that you have.',
    );
  }

  #notice(kind: string, text: string): Promise<void> {
    return this.#options.log.append({ type: 'notice', at: this.#now(), step: this.steps, kind, text });
  }

  /** Milliseconds left to this agent, by its own clock: time parked for the provider does not count (invariant 5). */
  #remainingMs(): number {
    // The clock first: of a standstill that it finds the events tell from then on.
    const now = this.#now();
    const last = this.#events.at(-1);
    const sinceLast = last === undefined ? 0 : Math.max(0, now - last.at);
    const own = this.#options.context.limits.trajectoryS * 1000 - (activeMsOf(this.#events) + sinceLast);
    return Math.min(own, this.#options.runRemainingMs());
  }

  #isTimeUp(): boolean {
    return this.#options.recordedTurns?.isOver(this.steps) ?? this.#remainingMs() <= 0;
  }

  #isTimeForOneTurn(): boolean {
    return this.#options.recordedTurns?.isLast(this.steps) ?? this.#remainingMs() < this.#finalWarningMs();
  }

  #timeForTool(call: ToolCall): number {
    const { recordedTurns } = this.#options;
    if (recordedTurns === undefined) return Math.max(1000, this.#remainingMs());
    return recordedTurns.cutOffMs(this.steps, this.#indexOf(call)) ?? Number.POSITIVE_INFINITY;
  }

  #finalWarningMs(): number {
    return Math.min(finalWarningMs, this.#options.context.limits.trajectoryS * 100);
  }

  #execId(call: ToolCall): string {
    return `${this.#options.execIdPrefix}-${this.steps}-${this.#indexOf(call)}`;
  }

  /** Its place in the last answer. */
  #indexOf(call: ToolCall): number {
    const last = this.#events.findLast((event) => event.type === 'model');
    return last?.type === 'model' ? last.calls.findIndex((other) => other.id === call.id) : 0;
  }
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

function timeLeft(ms: number): string {
  const left = Math.max(0, ms);
  if (left < 120_000) return `${Math.round(left / 1000)} s left`;
  return left < 7_200_000 ? `${Math.round(left / 60_000)} min left` : `${(left / 3_600_000).toFixed(1)} h left`;
}
