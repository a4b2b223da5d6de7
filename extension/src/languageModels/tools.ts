/**
 * Tools for the editor's chat: list runs, read a candidate, fork, start a run. What costs money or compute is confirmed by the
 * person first, with what it means.
 */
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import * as z from 'zod';
import { maxGuidance } from '../../../protocol/client.ts';
import { CandidateId, RunId, type RunSummary } from '../../../protocol/run.ts';
import { takes } from '../../../protocol/steering.ts';
import type { App } from '../app.ts';
import { CannotError, explain } from '../commands/failure.ts';
import type { LanguageModelToolName } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { escapeMarkdown, oneLine, shorten } from '../markdown.ts';
import { isLive } from '../runs/runRow.ts';
import { whenServed } from '../runs/steeringWords.ts';
import { planWords } from '../startRun/choices.ts';
import { candidateText, runsText, topCandidatesText } from './toolTexts.ts';

const Inputs = {
  aira2_listRuns: z.object({ run: RunId.optional() }),
  aira2_readCandidate: z.object({ run: RunId.optional(), candidate: CandidateId }),
  aira2_fork: z.object({
    run: RunId.optional(),
    candidate: CandidateId,
    guidance: z.string().max(maxGuidance).optional(),
  }),
  aira2_startRun: z.object({
    task: z.string().min(1).max(4096),
    model: z.string().max(500).optional(),
    candidates: z.int().positive().optional(),
    hours: z.number().positive().optional(),
    costUsd: z.number().positive().optional(),
  }),
} satisfies { [N in LanguageModelToolName]: z.ZodType };

type StartInput = z.infer<(typeof Inputs)['aira2_startRun']>;

/** What a reader in a chat can take. */
const maxFileLength = 20_000;
const maxFiles = 5;

export class LanguageModelTools {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  async prepare(name: LanguageModelToolName, input: unknown): Promise<vscode.PreparedToolInvocation> {
    switch (name) {
      case 'aira2_listRuns':
        return { invocationMessage: l10n.t('Listing AIRA2 runs') };
      case 'aira2_readCandidate':
        return {
          invocationMessage: l10n.t('Reading candidate #{0}', Inputs.aira2_readCandidate.parse(input).candidate),
        };
      case 'aira2_fork': {
        const { candidate, guidance = '' } = Inputs.aira2_fork.parse(input);
        const message = new vscode.MarkdownString(
          guidance === '' ? l10n.t('It decides by itself what to try.') : escapeMarkdown(shorten(guidance, 1000)),
        );
        return {
          invocationMessage: l10n.t('Forking #{0}', candidate),
          confirmationMessages: { title: l10n.t('Have an agent go on from #{0}?', candidate), message },
        };
      }
      case 'aira2_startRun':
        return this.#prepareStart(Inputs.aira2_startRun.parse(input));
    }
  }

  async invoke(
    name: LanguageModelToolName,
    input: unknown,
    _token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(await this.#answer(name, input))]);
  }

  /** What went wrong is an answer, too: the model can tell the person. */
  async #answer(name: LanguageModelToolName, input: unknown): Promise<string> {
    try {
      switch (name) {
        case 'aira2_listRuns':
          return await this.#list(Inputs.aira2_listRuns.parse(input).run);
        case 'aira2_readCandidate':
          return await this.#read(Inputs.aira2_readCandidate.parse(input));
        case 'aira2_fork':
          return await this.#fork(Inputs.aira2_fork.parse(input));
        case 'aira2_startRun':
          return await this.#start(Inputs.aira2_startRun.parse(input));
      }
    } catch (error) {
      return l10n.t('It did not work out: {0}', explain(error).message);
    }
  }

  async #list(run: RunId | undefined): Promise<string> {
    if (run !== undefined) return this.#app.followed.look(run, topCandidatesText);
    await this.#app.connection.look();
    if (this.#app.connection.client === null) return l10n.t('No agent server is running, so no run is live.');
    const { runs } = await this.#app.connection.get().request('runs.list', {});
    return runsText(runs);
  }

  async #read({ run, candidate }: { run?: RunId | undefined; candidate: CandidateId }): Promise<string> {
    const id = run ?? (await this.#newest(() => true)).id;
    const text = await this.#app.followed.look(id, (view) => candidateText(view, candidate));
    if (text === null) throw new CannotError(l10n.t('Run {0} has no candidate {1}.', id, candidate));
    const entries = await this.#app.programs.list(id, candidate).catch(() => []);
    const files = await Promise.all(
      entries.slice(0, maxFiles).map(async ({ path }) => {
        const content = Buffer.from(await this.#app.programs.read(id, candidate, path)).toString('utf8');
        return `--- ${path}\n${content.slice(0, maxFileLength)}`;
      }),
    );
    const more = entries.length > maxFiles ? [`(${entries.length - maxFiles} more files)`] : [];
    return [text, ...files, ...more].join('\n\n');
  }

  async #fork({ run, candidate, guidance }: z.infer<(typeof Inputs)['aira2_fork']>): Promise<string> {
    this.#requireTrust();
    const id = run ?? (await this.#newest((summary) => isLive(summary.state) && takes(summary, 'work'))).id;
    const words = guidance === undefined ? {} : { guidance };
    const client = this.#app.connection.get();
    await client.request('run.fork', { run: id, parent: candidate, ...words, operation: randomUUID() });
    const when = whenServed(this.#app.runs.get(id)?.state);
    return l10n.t('Queued in run {0}: an agent goes on from #{1} {2}.', id, candidate, when);
  }

  async #prepareStart(input: StartInput): Promise<vscode.PreparedToolInvocation> {
    const client = await this.#app.connection.need();
    const plan = await client.request('run.plan', { task: input.task, settings: settingsOf(input) });
    const { what, cost } = planWords(plan);
    const lines = [
      `**${escapeMarkdown(shorten(oneLine(input.task), 200))}**`,
      escapeMarkdown(what),
      escapeMarkdown(cost),
      ...plan.warnings.map((warning) => `⚠ ${escapeMarkdown(warning)}`),
    ];
    return {
      invocationMessage: l10n.t('Starting an AIRA2 run'),
      confirmationMessages: {
        title: l10n.t('Start a run?'),
        message: new vscode.MarkdownString(lines.join('\n\n')),
      },
    };
  }

  async #start(input: StartInput): Promise<string> {
    this.#requireTrust();
    const { run } = await this.#app.withProgress(l10n.t('Starting a run'), (client, operation, signal) =>
      client.request('run.start', { task: input.task, settings: settingsOf(input), operation }, { signal }),
    );
    await this.#app.showNewRun(run);
    return l10n.t('Run {0} has started. It goes on when this window is closed.', run);
  }

  async #newest(fits: (summary: RunSummary) => boolean): Promise<RunSummary> {
    await this.#app.connection.look();
    const { runs } = await this.#app.connection.get().request('runs.list', {});
    const [newest] = runs.filter(fits).sort((a, b) => b.createdAt - a.createdAt);
    if (newest === undefined) throw new CannotError(l10n.t('There is no run for that.'));
    return newest;
  }

  #requireTrust(): void {
    if (!this.#app.isTrusted()) throw new CannotError(l10n.t('The workspace is in Restricted Mode.'));
  }
}

/** A search of a few candidates, unless more is asked for. */
function settingsOf({ model = 'heuristic', candidates, hours, costUsd }: StartInput) {
  return {
    model,
    ...(candidates === undefined ? {} : { candidates }),
    ...(hours === undefined ? {} : { hours }),
    ...(candidates === undefined && hours === undefined ? { candidates: 12 } : {}),
    ...(costUsd === undefined ? {} : { budget: { costUsd } }),
  };
}
