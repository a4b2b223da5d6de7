import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatMessage, GenerateResponse } from '../chatModel.ts';
import type { AttemptLine, OperatorContext, ParentContext } from '../operatorContext.ts';
import { genomeOf, memberOf, readGenome } from './genome.ts';
import { createHeuristicModel } from './index.ts';
import { renderProgram } from './render/program.ts';
import { housingProfile, problems, tasks } from './samples.test-data.ts';
import { movesOf } from './summary.ts';

const tools = ['bash', 'python', 'submit'].map((name) => ({ name, description: '', parameters: {} }));
const footer = '[ok · 1.2 s · step 1/60 · 13 min left]';

function contextOf(more: Partial<OperatorContext> = {}): OperatorContext {
  return {
    operator: 'draft',
    task: tasks.tabular,
    hardware: { cpus: 1, memoryMb: 4000, gpu: null },
    limits: { toolTimeoutS: 300, evaluationTimeoutS: 300, trajectoryS: 900, maxSteps: 60 },
    parents: [],
    lineage: [],
    siblings: [],
    inFlight: [],
    leaders: [],
    draftIndex: 0,
    populationSize: 0,
    guidance: null,
    ...more,
  };
}

const parentGenome = genomeOf('tabular', [memberOf('tabular', 'hist-gb')], { target: 'log1p' });

function parentOf(more: Partial<ParentContext> = {}): ParentContext {
  return {
    id: 3,
    summary: 'first hist-gb',
    author: 'heuristic',
    program: { 'solution.py': renderProgram(parentGenome, problems.tabular, housingProfile) },
    score: 0.2,
    standardError: 0.01,
    rank: 1,
    failure: null,
    runtimeS: 5,
    runtimeCapS: 300,
    logTail: '',
    ...more,
  };
}

/** What a sandbox could have answered, from what was asked: a profile, scores that favour `c`, a program that runs. */
function answerTo(response: GenerateResponse): string {
  const call = response.parts.find((part) => part.type === 'call');
  const args = JSON.stringify(call?.arguments ?? '');
  if (call?.name === 'python') return `AIRA-RESULT ${JSON.stringify(housingProfile)}\n${footer}`;
  if (args.includes('for variant in')) {
    const names = /for variant in ([a-z ]+);/.exec(args)?.[1]?.split(' ') ?? [];
    const score = (name: string): number => ({ parent: 0.2, a: 0.22, b: 0.21, c: 0.19 })[name] ?? 0.3;
    const line = (name: string): string =>
      `AIRA-RESULT ${JSON.stringify({ variant: name, scores: [score(name), score(name)], seconds: 2 })}\nAIRA-EXIT ${name} 0\n`;
    return `${names.map(line).join('')}${footer}`;
  }
  if (args.includes('AIRA-EXIT program')) return `AIRA-EXIT program 0\nAIRA-RESULT {"problem": null}\n${footer}`;
  return `done\n${footer}`;
}

const first: ChatMessage = { role: 'user', parts: [{ type: 'text', text: 'The task.' }] };

async function ask(messages: ChatMessage[], context: OperatorContext, seed = 1, offered = tools) {
  return createHeuristicModel().generate({
    system: '',
    messages,
    tools: offered,
    toolMode: 'auto',
    maxOutputTokens: 100,
    seed,
    context,
    signal: new AbortController().signal,
  });
}

/** Plays until it submits; `answer` may replace what the sandbox says at a turn. */
async function play(
  context: OperatorContext,
  seed = 1,
  answer: (turn: number, usual: string) => string = (_, usual) => usual,
) {
  const messages: ChatMessage[] = [first];
  const responses: GenerateResponse[] = [];
  for (let turn = 0; turn < 30; turn += 1) {
    const response = await ask(messages, context, seed);
    responses.push(response);
    const call = response.parts.find((part) => part.type === 'call');
    if (call === undefined) break;
    messages.push({ role: 'model', parts: response.parts });
    const text = answer(turn, answerTo(response));
    messages.push({
      role: 'user',
      parts: [{ type: 'result', callId: call.id, name: call.name, text, isError: false }],
    });
    if (call.name === 'submit' && text.includes('[ok')) break;
  }
  return { messages, responses };
}

const textOf = (response: GenerateResponse): string =>
  response.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
const callOf = (response: GenerateResponse | undefined) => response?.parts.find((part) => part.type === 'call');
const argumentsOf = (response: GenerateResponse | undefined): Record<string, string> =>
  (callOf(response)?.arguments ?? {}) as Record<string, string>;
const summaryIn = (responses: GenerateResponse[]): string => argumentsOf(responses.at(-1)).summary ?? '';

describe('built-in researcher', () => {
  it('says what it is and costs nothing', async () => {
    const model = createHeuristicModel();
    assert.deepEqual(model.info, {
      id: 'heuristic',
      label: 'Built-in heuristic (no LLM)',
      isLanguageModel: false,
      contextTokens: null,
    });
    const response = await ask([first], contextOf());
    assert.deepEqual(response.usage, { input: 0, cachedInput: 0, output: 0, thoughts: 0 });
  });

  it('gives the same next turn for every prefix of a transcript, however often and in whatever order it is asked', async () => {
    const context = contextOf({ operator: 'mutation', parents: [parentOf()], populationSize: 1 });
    const { messages, responses } = await play(context);
    assert.ok(responses.length >= 5 && responses.length <= 9, `${responses.length} turns`);
    for (const [index, response] of [...responses.entries()].reverse()) {
      const again = await ask(messages.slice(0, 1 + 2 * index), context);
      assert.deepEqual(again, response, `turn ${index}`);
    }
  });

  it('has distinct call ids, one call and one reason in every turn', async () => {
    const { responses } = await play(contextOf());
    const ids = responses.map((response) => callOf(response)?.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const response of responses) {
      assert.equal(response.parts.filter((part) => part.type === 'call').length, 1);
      assert.ok(textOf(response).length > 10);
    }
  });

  it('states its idea on a line of its own, in the form in which others at work know moves', async () => {
    const { responses } = await play(contextOf({ operator: 'mutation', parents: [parentOf()], populationSize: 1 }));
    const said = responses.map(textOf).join('\n');
    const [, idea = ''] = /^Idea: (.+)$/m.exec(said) ?? [];
    assert.ok(movesOf(idea).length >= 2, idea);
    for (const move of movesOf(idea)) assert.ok(said.includes(move));
  });

  it('insists on a small difference at once, and hands in another variant in place of the same program', async () => {
    const context = contextOf({ operator: 'mutation', parents: [parentOf()], populationSize: 1 });
    const { responses: usual } = await play(context);
    const refused = (words: string) =>
      play(context, 1, (turn, text) =>
        turn === usual.length - 1
          ? `Not submitted yet: this ${words} #7.\n[error · 0.1 s · step 5/60 · 13 min left]`
          : text,
      );
    const { responses: nearly } = await refused('program is nearly the same as');
    assert.equal(nearly.length, usual.length + 1);
    assert.deepEqual(argumentsOf(nearly.at(-1)), argumentsOf(usual.at(-1)));
    const { responses: same } = await refused('is the same program as');
    assert.equal(same.length, usual.length + 2, 'it rehearses the other one first');
    assert.equal(callOf(same.at(-1))?.name, 'submit');
    assert.notEqual(summaryIn(same), summaryIn(usual));
  });

  it('drafts different families one after the other', async () => {
    const families = new Set<string>();
    for (let draftIndex = 0; draftIndex < 4; draftIndex += 1) {
      const { responses } = await play(contextOf({ draftIndex }));
      families.add(summaryIn(responses));
    }
    assert.equal(families.size, 4, [...families].join(', '));
  });

  it('submits what scored best on held-out rows, and names the move and the parent', async () => {
    const context = contextOf({ operator: 'mutation', parents: [parentOf()], populationSize: 1 });
    const { responses } = await play(context);
    const written = responses.map((response) => argumentsOf(response).command ?? '');
    const variants = written.find((command) => command.includes('variants/c/solution.py')) ?? '';
    const program = written.find((command) => command.includes('AIRA-EXIT program')) ?? '';
    const bestVariant = readGenome(variants.slice(variants.indexOf('variants/c/')), 'regression');
    assert.deepEqual(readGenome(program, 'regression'), bestVariant);
    assert.match(summaryIn(responses), / \(from #3\)$/);
  });

  it('does not try what its siblings have tried', async () => {
    const context = contextOf({ operator: 'mutation', parents: [parentOf()], populationSize: 1 });
    const { responses: before } = await play(context);
    const tried = summaryIn(before);
    const sibling: AttemptLine = {
      id: 4,
      parents: [3],
      operator: 'mutation',
      summary: tried,
      score: 0.3,
      state: 'scored',
      failure: null,
    };
    const { responses: after } = await play({ ...context, siblings: [sibling] });
    assert.notEqual(summaryIn(after), tried);
  });

  it('joins two parents, and says which', async () => {
    const other = genomeOf('tabular', [memberOf('tabular', 'extra-trees')], { target: 'log1p' });
    const program = { 'solution.py': renderProgram(other, problems.tabular, housingProfile) };
    const context = contextOf({
      operator: 'crossover',
      parents: [parentOf(), parentOf({ id: 5, program, rank: 2 })],
      populationSize: 2,
    });
    const { responses } = await play(context);
    assert.match(summaryIn(responses), / \(from #3 and #5\)$/);
  });

  it('keeps a program that is not its own and averages with it, or says that it starts anew', async () => {
    const theirs = { 'solution.py': 'import model\nmodel.main()\n', 'model.py': 'def main(): ...\n' };
    const context = contextOf({ operator: 'mutation', parents: [parentOf({ program: theirs })], populationSize: 1 });
    const { responses } = await play(context);
    const said = responses.map(textOf).join('\n');
    assert.match(said, /has no genome that I can read/);
    const rehearsal =
      responses
        .map((response) => argumentsOf(response).command ?? '')
        .find((command) => command.includes('AIRA-EXIT program')) ?? '';
    assert.ok(rehearsal.includes("program/theirs/model.py'"));
    assert.ok(rehearsal.includes("program/own/solution.py'"));
    assert.match(summaryIn(responses), /^average of #3 with first /);

    const failed = parentOf({
      program: theirs,
      score: null,
      standardError: null,
      rank: null,
      failure: 'program_error: x',
    });
    const { responses: anew } = await play(contextOf({ operator: 'mutation', parents: [failed] }));
    assert.match(summaryIn(anew), /^first /);

    const unseen = { ...theirs, 'model.py': '(90000 bytes, left out: there is too much of this program)' };
    const tooLong = contextOf({ operator: 'mutation', parents: [parentOf({ program: unseen })], populationSize: 1 });
    assert.match(summaryIn((await play(tooLong)).responses), /^first /, 'what was not shown whole cannot be copied');
  });

  it('mends a failing rehearsal and tells what it believes was wrong', async () => {
    const { responses } = await play(contextOf({ draftIndex: 1 }), 1, (_, usual) =>
      usual.includes('AIRA-EXIT program 0')
        ? `Traceback (most recent call last):\nValueError: Input X contains NaN.\nAIRA-EXIT program 1\n${footer}`
        : usual,
    );
    const said = responses.map(textOf).join('\n');
    assert.match(said, /It failed: ValueError: Input X contains NaN/);
    assert.match(said, /Nothing else has worked/);
    assert.match(summaryIn(responses), /mended/);
    assert.ok(responses.length <= 10, 'and gives up after a few times');
  });

  it('sets a fresh sandbox up again where the old one was lost', async () => {
    for (const lost of [0, 1, 2, 3, 4, 5]) {
      const { responses } = await play(contextOf(), 1, (turn, usual) =>
        turn === lost ? 'gone\n[interrupted · 0.0 s · step 3/60 · 13 min left]' : usual,
      );
      const commands = responses.slice(lost + 1).map((response) => JSON.stringify(argumentsOf(response)));
      if (lost >= 2)
        assert.ok(
          commands.some((command) => command.includes('AIRA-RESULT')),
          'the sample is made again',
        );
      assert.equal(callOf(responses.at(-1))?.name, 'submit');
    }
  });

  it('submits at once when nothing but submitting is offered', async () => {
    const context = contextOf();
    const { messages } = await play(context);
    const onlySubmit = tools.filter(({ name }) => name === 'submit');
    // Tried, not yet rehearsed: what lies in the folder is still the first variant.
    const response = await ask(messages.slice(0, 9), context, 1, onlySubmit);
    assert.equal(callOf(response)?.name, 'submit');
    assert.equal(argumentsOf(response).summary, 'first linear');
  });

  it('leaves tries and looks out when steps are few', async () => {
    const limits = { toolTimeoutS: 300, evaluationTimeoutS: 300, trajectoryS: 900, maxSteps: 4 };
    const { responses } = await play(contextOf({ limits }));
    assert.ok(responses.length <= 3, `${responses.length} turns`);
    assert.equal(callOf(responses.at(-1))?.name, 'submit');
  });

  it('follows the words of a person that it knows, and says so where it knows none', async () => {
    const context = contextOf({ operator: 'mutation', parents: [parentOf()], populationSize: 1 });
    const { responses: followed } = await play({ ...context, guidance: 'Please try a random forest here.' });
    const said = followed.map(textOf).join('\n');
    assert.match(said, /what I can follow of it: random-forest/);
    assert.match(summaryIn(followed), /random-forest/);
    const { responses: lost } = await play({ ...context, guidance: 'Pensez à la géométrie.' });
    assert.match(lost.map(textOf).join('\n'), /I cannot follow your guidance/);
  });

  it('only gets cheaper when its parent was close to the limit', async () => {
    const slow = genomeOf(
      'tabular',
      [memberOf('tabular', 'hist-gb', { iterations: 700 }), memberOf('tabular', 'random-forest', { trees: 400 })],
      { folds: 8 },
    );
    const program = { 'solution.py': renderProgram(slow, problems.tabular, housingProfile) };
    const context = contextOf({
      operator: 'mutation',
      parents: [parentOf({ program, runtimeS: 250 })],
      populationSize: 1,
    });
    const { responses } = await play(context);
    assert.match(responses.map(textOf).join('\n'), /so only cheaper ones/);
    assert.match(summaryIn(responses), /→|drop|shrink/);
  });
});
