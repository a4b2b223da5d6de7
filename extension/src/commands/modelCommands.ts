/** Commands about models: their keys, whether they answer, and those that the editor itself offers. */
import type { KeyProvider } from '../../../protocol/clientViews.ts';
import type { App } from '../app.ts';
import { View } from '../ids.ts';
import { keyProviders, providerNames, providerOf } from '../keys/modelKeys.ts';
import { l10n } from '../localisation.ts';
import { oneLine, shorten } from '../markdown.ts';
import { chooseModel } from '../startRun/chooseModel.ts';
import { askText, choose, confirm, mention } from '../ui/ask.ts';
import { notify } from '../ui/notify.ts';
import { CannotError } from './failure.ts';

export async function setModelKey(app: App, args: readonly unknown[]): Promise<void> {
  const named = keyProviders.find((provider) => provider === args[0]);
  const provider = named ?? (await pickProvider(app, l10n.t('Set a model key')));
  if (provider !== undefined && (await askKey(app, provider)))
    mention(l10n.t('The key of {0} is kept.', providerNames[provider]));
}

/** True if one was given. Where the server is elsewhere, it is said where the key goes. */
export async function askKey(app: App, provider: KeyProvider): Promise<boolean> {
  const where = app.connection.isLocal
    ? l10n.t('It is kept in the secret storage of this editor, and handed to the agent server in its memory only.')
    : l10n.t(
        'It is kept in the secret storage of this editor, and handed to the agent server on {0} in its memory only.',
        app.connection.machine,
      );
  const key = await askText({
    title: l10n.t('Key of {0}', providerNames[provider]),
    prompt: where,
    password: true,
    validate: (text) => (text.trim() === '' || /\s/.test(text.trim()) ? l10n.t('A key without spaces.') : null),
  });
  if (key === undefined) return false;
  await app.keys.set(provider, key.trim(), app.connection.client);
  return true;
}

export async function removeModelKey(app: App): Promise<void> {
  const provider = await pickProvider(app, l10n.t('Remove a model key'));
  if (provider === undefined) return;
  const detail = l10n.t('Runs on its models stop for want of a key until there is one again.');
  if (!(await confirm(l10n.t('Remove the key of {0}?', providerNames[provider]), detail, l10n.t('Remove')))) return;
  await app.keys.remove(provider, app.connection.client);
  mention(l10n.t('The key of {0} is removed.', providerNames[provider]));
}

async function pickProvider(app: App, title: string): Promise<KeyProvider | undefined> {
  const known = await app.keys.known(app.machine);
  return choose(
    keyProviders.map((provider) => ({
      label: providerNames[provider],
      description: known.includes(provider) ? l10n.t('a key is known') : l10n.t('no key yet'),
      value: provider,
    })),
    { title },
  );
}

export async function testModel(app: App, args: readonly unknown[]): Promise<void> {
  const [named] = args;
  const model = typeof named === 'string' ? named : await chooseModel(app, l10n.t('Test the connection with a model'));
  if (model === undefined) return;
  const report = await app.inView(View.runs, l10n.t('Asking the model …'), async () => {
    const client = await app.connection.need();
    return client.request('model.test', { model });
  });
  if (report.ok) {
    void notify('info', l10n.t('{0} answers: {1}', report.model, shorten(oneLine(report.detail), 300)));
    return;
  }
  const provider = providerOf(model);
  const message = l10n.t('{0} does not answer: {1}', model, shorten(oneLine(report.message), 400));
  throw new CannotError(message, report.kind === 'auth' && provider !== null ? ['setModelKey'] : []);
}

export async function offerModels(app: App): Promise<void> {
  const offered = await app.editorModels.offer();
  if (offered.length === 0)
    throw new CannotError(
      l10n.t(
        'VS Code has no language models here. An extension that brings some, such as GitHub Copilot, must be installed and signed in.',
      ),
    );
  mention(
    offered.length === 1
      ? l10n.t('1 model of VS Code can be used while this window is open.')
      : l10n.t('{0} models of VS Code can be used while this window is open.', offered.length),
  );
}
