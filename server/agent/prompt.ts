/**
 * What a language model is told. The system prompt and the task come first and are the same for every agent of a run, so
 * that a provider's prefix cache serves them; what differs (parents, history) comes last. Untrusted text (programs, logs,
 * summaries of other agents) is fenced and capped, and never enters the system prompt.
 */
import type { OperatorMode } from '../../protocol/runSwitches.ts';
import { runContractVariables } from '../../protocol/task.ts';
import { selfReportExample } from '../evaluation/selfReport.ts';
import type { AttemptLine, OperatorContext, ParentContext, TaskContext } from '../models/operatorContext.ts';

const maxProgramCharacters = 60_000;

/** @param operators `single-turn`: there are no tools but the submission, and no sandbox */
export function systemPrompt(context: OperatorContext, operators: OperatorMode = 'react'): string {
  const role = 'You are a machine-learning researcher. You improve a score on one task by writing a program';
  if (operators === 'single-turn')
    return [
      `${role}. You answer once, with one complete program, by calling \`submit_program\`.`,
      `You cannot run anything before: what earlier programs printed, and why some failed, is all that you see. Write code that works at the first try, and have it print what the next one should know (shapes, scores on a split of the training data, seconds).`,
      programSection(context, 'single-turn'),
    ].join('\n\n');
  const others =
    context.isolated === true
      ? ''
      : ' As soon as you have an idea, say it in one line that begins with `Idea:`; others at work are told of it.';
  return [
    `${role}, and you work alone in a Linux sandbox.`,
    toolSection(context),
    programSection(context, 'react'),
    `Work in small steps: look, form an idea, test it on a split of the training data of your own, then write the final program and submit it.${others}`,
  ].join('\n\n');
}

function toolSection({ limits, hardware }: OperatorContext): string {
  return `Tools
- \`bash\`: a stateful bash session. \`python\`: a stateful Jupyter kernel in the same sandbox. \`submit\`: hand in the program; this ends your work.
- Every result ends with a line such as [ok · 1.2 s · step 5/60 · 13 min left]. Plan by it. One tool call may take ${limits.toolTimeoutS} s; you have ${limits.maxSteps} steps and ${Math.round(limits.trajectoryS / 60)} minutes in all.
- You appear as root, without network. You have ${computer(hardware)}.`;
}

function programSection(context: OperatorContext, operators: OperatorMode): string {
  const { limits, task, hardware } = context;
  const lines =
    operators === 'react'
      ? [
          `A folder (default /workspace/program). It is run as \`${task.run.join(' ')}\` from a clean slate in a fresh sandbox like yours, for at most ${limits.evaluationTimeoutS} s. It trains and predicts in that one run: nothing else of your sandbox goes with it.`,
          `Environment variables tell it where things are: ${runContractVariables.join(', ')}. In your sandbox they are set too; training data is in /data/train, inputs to predict in /data/eval.`,
        ]
      : [
          `One file. It is run as \`${task.run.join(' ')}\` from a clean slate in a sandbox without network, with ${computer(hardware)}, for at most ${limits.evaluationTimeoutS} s. It trains and predicts in that one run.`,
          `Environment variables tell it where things are: ${runContractVariables.join(', ')}. Training data is in $AIRA_TRAIN_DIR, inputs to predict in $AIRA_EVAL_DIR.`,
        ];
  return [
    'The program',
    ...[
      ...lines,
      `It writes ${task.prediction.file} to $AIRA_OUT_DIR: ${predictionContract(task)}`,
      `${scoreLine(context)} A crash, a timeout or an invalid file counts as a failure${operators === 'react' ? ', so run the whole program once before you submit it, if time allows' : ''}.`,
      'Learn only from the training data given. Do not look for the hidden labels: they are not in any sandbox, and attempts are audited.',
    ].map((line) => `- ${line}`),
  ].join('\n');
}

function scoreLine({ task, evaluation }: OperatorContext): string {
  const better = task.metric.direction === 'minimize' ? 'lower is better' : 'higher is better';
  return evaluation === 'self-reported'
    ? `Its score is what it says of itself: estimate ${task.metric.name} (${better}) on training rows that the estimated model has not learnt from, by a split or by cross-validation, and print it as the last line: ${selfReportExample(task.metric.name)}. Without such a line the program counts as failed.`
    : `Its score comes from hidden labels, computed outside the sandbox by ${task.metric.name} (${better}). What a program reports about itself counts for nothing.`;
}

function computer({ cpus, memoryMb, gpu }: OperatorContext['hardware']): string {
  return `${cpus} CPU${cpus === 1 ? '' : 's'}, ${Math.round(memoryMb / 1000)} GB of memory and ${gpu ?? 'no GPU'}`;
}

/** @param operators as for `systemPrompt` */
export function renderPrompt(context: OperatorContext, operators: OperatorMode = 'react'): string {
  const { task } = context;
  const sections = [
    `# Task: ${task.title}\n\n${task.description.trim()}`,
    `# Data\n\n${task.dataCard.trim()}`,
    task.warnings.length === 0 ? '' : `# Warnings\n\n${task.warnings.map((warning) => `- ${warning}`).join('\n')}`,
    assignment(context),
    ...context.parents.map((parent) => parentSection(parent, context, operators)),
    history('Lineage of the parents, nearest first', context.lineage, task),
    history(
      context.operator === 'draft' ? 'Other first programs: do something else' : 'Already tried from the same parents',
      context.siblings,
      task,
    ),
    history('Being tried by others right now: do something else', context.inFlight, task),
    history(`Best of the population of ${context.populationSize}`, context.leaders, task),
    context.guidance === null ? '' : `# Guidance from the person who runs this search\n\n${fence(context.guidance)}`,
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function predictionContract(task: TaskContext): string {
  const columns = task.prediction.columns.map((column) => {
    const levels = column.levels === undefined ? '' : ` one of ${column.levels.slice(0, 30).join(' | ')}`;
    const range =
      column.min === undefined && column.max === undefined ? '' : ` in [${column.min ?? '-∞'}, ${column.max ?? '∞'}]`;
    return `\`${column.name}\` (${column.role === 'id' ? 'the id of the row in inputs.csv' : `${column.dtype}${range}${levels}`})`;
  });
  const sum = task.prediction.row_sum === undefined ? '' : ` Values of a row sum to ${task.prediction.row_sum}.`;
  return `CSV with a header, one row for each row of $AIRA_EVAL_DIR/inputs.csv, columns ${columns.join(', ')}.${sum} No missing values, no infinities.`;
}

function assignment(context: OperatorContext): string {
  switch (context.operator) {
    case 'draft':
      return `# Your assignment: a first program\n\nWrite a program from scratch.${
        context.isolated === true || context.draftIndex === 0
          ? ''
          : ` Others have been started (${context.draftIndex}): choose another family of method than those listed below.`
      }`;
    case 'mutation':
      if (context.parents[0]?.score === null && context.parents[0].failure !== null)
        return '# Your assignment: mend one program\n\nBelow is a program that failed, with what it printed. Find the cause, mend it, and submit the whole program. Keep its idea: only what makes it fail is to change.';
      return '# Your assignment: improve one program\n\nBelow is a parent program with its score. Find out what limits it, change that, and submit the improved program. A fall of the score after a good idea may come from poor execution (too short a training, a bug) rather than from the idea.';
    case 'crossover':
      return '# Your assignment: combine two programs\n\nBelow are two parent programs with their scores. Combine their strengths: transplant a component of one into the other, or blend their predictions, whichever promises more.';
  }
}

function parentSection(parent: ParentContext, context: OperatorContext, operators: OperatorMode): string {
  const { task } = context;
  const standing =
    parent.score === null
      ? parent.failure === null
        ? 'Its score is not known yet.'
        : `It failed: ${parent.failure}.`
      : `${context.evaluation === 'self-reported' ? `${task.metric.name}, as it says itself, ${parent.score}` : `Hidden ${task.metric.name} ${parent.score} (standard error ${parent.standardError})`}, rank ${parent.rank} of ${context.populationSize}.`;
  const isKnown = parent.score !== null || parent.failure !== null;
  const files = Object.entries(parent.program).map(
    ([path, text]) => `## ${path}\n\n${fence(cap(text, maxProgramCharacters))}`,
  );
  return [
    `# Parent #${parent.id}: ${line(parent.summary)}`,
    `${standing}${isKnown ? ` Its run took ${Math.round(parent.runtimeS)} s of ${parent.runtimeCapS} s.` : ''}${operators === 'react' ? ` Its files are in /parents/${parent.id}/, read-only.` : ''}`,
    ...files,
    `## End of its log\n\n${fence(parent.logTail)}`,
  ].join('\n\n');
}

function history(title: string, attempts: AttemptLine[], task: TaskContext): string {
  if (attempts.length === 0) return '';
  const lines = attempts.map((attempt) => {
    const from = attempt.parents.length === 0 ? '' : ` from #${attempt.parents.join(' and #')}`;
    const outcome =
      attempt.score === null ? (attempt.failure ?? attempt.state) : `${task.metric.name} ${attempt.score}`;
    return `- #${attempt.id} ${attempt.operator}${from}: ${line(attempt.summary) || '(no summary yet)'} → ${line(outcome)}`;
  });
  return `# ${title}\n\n${lines.join('\n')}`;
}

/** Text of others between fences longer than any run of backticks within, so that it cannot close them. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}\n${text.trimEnd()}\n${ticks}`;
}

function line(text: string): string {
  return cap(text.replaceAll(/\s+/g, ' ').trim(), 300);
}

function cap(text: string, characters: number): string {
  return text.length <= characters
    ? text
    : `${text.slice(0, characters)} … (${text.length - characters} characters more)`;
}
