/**
 * VS Code's own models for the agents of a run: offered to the server when the person asks for it, and answered for while this
 * window is attached. Consent is asked for at that moment; a model that was consented to is offered again after a reload.
 */
import * as vscode from 'vscode';
import { bridgeRefusals } from '../../../protocol/client.ts';
import type { OfferedModel } from '../../../protocol/clientViews.ts';
import { RpcRefusal } from '../../../protocol/rpcErrors.ts';
import type { AgentServerClient, GenerateHandler } from '../../../protocol/serverClient.ts';
import type { Subscription } from '../../../protocol/subscription.ts';
import { l10n } from '../localisation.ts';
import { offeredId, refusalOf, type Selector } from './modelNames.ts';

type Request = Parameters<GenerateHandler>[0];
type Answer = Awaited<ReturnType<GenerateHandler>>;

/** That the person has offered models; with which, VS Code itself remembers. */
const storedKey = 'aira2.offersEditorModels';

export class EditorModels {
  readonly #context: vscode.ExtensionContext;
  readonly #client: () => Promise<AgentServerClient>;
  readonly #selectors = new Map<string, Selector>();
  #offered: OfferedModel[] = [];
  #keeping: Subscription | null = null;
  #changes: vscode.Disposable | null = null;
  #attached: AgentServerClient | null = null;

  constructor(context: vscode.ExtensionContext, client: () => Promise<AgentServerClient>) {
    this.#context = context;
    this.#client = client;
  }

  attach(client: AgentServerClient | null): void {
    this.#keeping?.dispose();
    this.#keeping = null;
    this.#attached = client;
    if (client === null) return;
    client.answerGenerate((request, { signal }) => this.#generate(request, signal));
    if (this.#context.globalState.get<boolean>(storedKey) === true) void this.#offerAllowed(client);
  }

  /** After a person's gesture. @returns what is offered now */
  async offer(): Promise<readonly OfferedModel[]> {
    const models = await vscode.lm.selectChatModels({});
    await this.#askConsent(models);
    const client = await this.#client();
    await this.#context.globalState.update(storedKey, models.length > 0);
    await this.#put(client, models);
    return this.#offered;
  }

  dispose(): void {
    this.#keeping?.dispose();
    this.#changes?.dispose();
  }

  /** Without asking anything: only what was consented to before. */
  async #offerAllowed(client: AgentServerClient): Promise<void> {
    const models = await vscode.lm.selectChatModels({});
    const { languageModelAccessInformation: access } = this.#context;
    if (this.#attached === client)
      await this.#put(
        client,
        models.filter((model) => access.canSendRequest(model) === true),
      );
    this.#changes ??= vscode.lm.onDidChangeChatModels(() => {
      if (this.#attached !== null) void this.#offerAllowed(this.#attached);
    });
  }

  async #put(client: AgentServerClient, models: readonly vscode.LanguageModelChat[]): Promise<void> {
    this.#selectors.clear();
    for (const { vendor, id } of models) this.#selectors.set(offeredId({ vendor, id }), { vendor, id });
    this.#offered = models.slice(0, 100).map((model) => ({
      id: offeredId(model),
      label: model.name.slice(0, 200),
      maxInputTokens: Math.max(1, Math.floor(model.maxInputTokens)),
    }));
    this.#keeping?.dispose();
    await client.request('models.offer', { models: this.#offered });
    // Once more with every new connection.
    this.#keeping = client.keep(() => client.request('models.offer', { models: this.#offered }));
  }

  /** VS Code asks the person with the first request of each extension that brings models. */
  async #askConsent(models: readonly vscode.LanguageModelChat[]): Promise<void> {
    const { languageModelAccessInformation: access } = this.#context;
    const vendors = new Map(models.map((model) => [model.vendor, model]));
    for (const model of vendors.values()) {
      if (access.canSendRequest(model) !== undefined) continue;
      const words = [vscode.LanguageModelChatMessage.User('Answer with the single word: ready')];
      const { text } = await model.sendRequest(words, { justification: justification() });
      for await (const _piece of text) break;
    }
  }

  async #generate(request: Request, signal: AbortSignal): Promise<Answer> {
    const selector = this.#selectors.get(request.model);
    const [model] = selector === undefined ? [] : await vscode.lm.selectChatModels(selector);
    if (model === undefined)
      throw new RpcRefusal(bridgeRefusals.notFound, l10n.t('VS Code does not offer {0} any more.', request.model));
    const cancellation = new vscode.CancellationTokenSource();
    const onAbort = () => cancellation.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await answer(model, request, cancellation.token);
    } catch (error) {
      throw error instanceof vscode.LanguageModelError
        ? refusalOf(error.code, error.message)
        : refusalOf('', String(error));
    } finally {
      signal.removeEventListener('abort', onAbort);
      cancellation.dispose();
    }
  }
}

async function answer(
  model: vscode.LanguageModelChat,
  request: Request,
  token: vscode.CancellationToken,
): Promise<Answer> {
  const messages = messagesOf(request);
  const response = await model.sendRequest(messages, optionsOf(request), token);
  const parts: Answer['parts'] = [];
  let text = '';
  for await (const part of response.stream) {
    if (part instanceof vscode.LanguageModelTextPart) text += part.value;
    else if (part instanceof vscode.LanguageModelToolCallPart)
      parts.push({ type: 'call', id: part.callId, name: part.name, arguments: part.input });
  }
  if (text !== '') parts.unshift({ type: 'text', text });
  const [inputTokens, outputTokens] = await Promise.all([
    countTokens(model, messages),
    countTokens(model, [
      text,
      ...parts.flatMap((part) => (part.type === 'call' ? [JSON.stringify(part.arguments)] : [])),
    ]),
  ]);
  return { parts, inputTokens, outputTokens };
}

/** There is no system role: what the system says comes first. */
function messagesOf({ system, messages }: Request): vscode.LanguageModelChatMessage[] {
  const first = system === '' ? [] : [vscode.LanguageModelChatMessage.User(system)];
  const rest = messages.map(({ role, parts }) =>
    role === 'user'
      ? vscode.LanguageModelChatMessage.User(
          parts.flatMap((part): (vscode.LanguageModelTextPart | vscode.LanguageModelToolResultPart)[] => {
            if (part.type === 'text') return [new vscode.LanguageModelTextPart(part.text)];
            if (part.type === 'call') return [];
            return [new vscode.LanguageModelToolResultPart(part.callId, [new vscode.LanguageModelTextPart(part.text)])];
          }),
        )
      : vscode.LanguageModelChatMessage.Assistant(
          parts.flatMap((part): (vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart)[] => {
            if (part.type === 'text') return [new vscode.LanguageModelTextPart(part.text)];
            if (part.type === 'result') return [];
            return [new vscode.LanguageModelToolCallPart(part.id, part.name, Object(part.arguments))];
          }),
        ),
  );
  return [...first, ...rest];
}

/** "Required" works with one tool only in some models: with several, the model is left to choose, as it usually calls one. */
function optionsOf({ tools, toolMode }: Request): vscode.LanguageModelChatRequestOptions {
  if (toolMode === 'none' || tools.length === 0) return { justification: justification() };
  return {
    justification: justification(),
    tools: tools.map(({ name, description, parameters }) => ({ name, description, inputSchema: parameters })),
    toolMode:
      toolMode === 'required' && tools.length === 1
        ? vscode.LanguageModelChatToolMode.Required
        : vscode.LanguageModelChatToolMode.Auto,
  };
}

/** null where the model does not count. */
async function countTokens(
  model: vscode.LanguageModelChat,
  texts: readonly (string | vscode.LanguageModelChatMessage)[],
): Promise<number | null> {
  try {
    const counts = await Promise.all(texts.map((text) => model.countTokens(text)));
    const sum = counts.reduce((total, count) => total + count, 0);
    return Number.isFinite(sum) ? Math.round(sum) : null;
  } catch {
    return null;
  }
}

function justification(): string {
  return l10n.t('It drives the research agents of a run that you start with it.');
}
