/** Choosing a model, outside of the way to a run. */
import type { QuickPickItem } from 'vscode';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { askText, choose, separator } from '../ui/ask.ts';
import type { Choice } from '../ui/choices.ts';
import { type ModelChoice, modelChoices } from './choices.ts';
import { remembered } from './remembered.ts';

/** Stands for a model that is typed. */
export const anotherModel = '';

export async function modelItems(app: App): Promise<(Choice<string> | QuickPickItem)[]> {
  const client = await app.connection.need();
  const [machine, { models }] = await Promise.all([
    client.request('machine.get', {}),
    client.request('models.offered', {}),
  ]);
  const { settings, isFirst } = remembered(app.context.workspaceState);
  const last = isFirst ? undefined : settings.model;
  const choices = modelChoices(last, await app.keys.known(machine), models);
  const labels: { [G in ModelChoice['group']]: string } = {
    last: l10n.t('last time'),
    builtin: l10n.t('built in'),
    editor: l10n.t('of VS Code'),
    hosted: l10n.t('hosted'),
  };
  const items: (Choice<string> | QuickPickItem)[] = [];
  let group = '';
  for (const choice of choices) {
    if (choice.group !== group) items.push(separator(labels[choice.group]));
    group = choice.group;
    items.push({ label: choice.label, description: choice.description, value: choice.model });
  }
  items.push(separator(l10n.t('another')), {
    icon: 'edit',
    label: l10n.t('Another model, or a server of your own…'),
    detail: l10n.t('gemini:<name>, openai:<name>, or openai:<name>@http://… for vLLM, llama.cpp, Ollama'),
    value: anotherModel,
  });
  return items;
}

/** A typed model. undefined: the person has thought better of it. */
export async function typeModel(): Promise<string | undefined> {
  const model = await askText({
    title: l10n.t('Model'),
    prompt: l10n.t('gemini:<name>, openai:<name>, or openai:<name>@<url> for a server that speaks like OpenAI'),
    placeholder: 'openai:qwen3-coder@http://localhost:8000/v1',
    validate: (text) =>
      /^(heuristic|(gemini|openai|vscode):\S+)$/.test(text.trim())
        ? null
        : l10n.t('It begins with gemini: or openai: and has no spaces.'),
  });
  return model?.trim();
}

export async function chooseModel(app: App, title: string): Promise<string | undefined> {
  const model = await choose<string>(await modelItems(app), { title });
  return model === anotherModel ? typeModel() : model;
}
