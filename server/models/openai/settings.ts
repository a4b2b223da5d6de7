/** What stands after `openai:`, and what the provider takes from its environment. The only place that reads its key. */
import { ChatModelError } from '../chatModel.ts';
import type { ModelEnvironment } from '../environment.ts';

export interface OpenAiSettings {
  /** The model's name, as its server knows it. */
  model: string;
  /** Without a slash at the end; `/chat/completions` follows. */
  baseUrl: string;
  /** Sent in the header `authorization`, nowhere else. Local servers need none. */
  apiKey: string | null;
  /** OpenAI itself, and no server that speaks like it. */
  isHosted: boolean;
  /** Context length to ask Ollama for, and to assume of a server that does not tell; null: not set. */
  contextTokens: number | null;
}

/** Something that a person set cannot be used; the message names it. */
export class ModelSettingError extends Error {
  override readonly name = 'ModelSettingError';
}

const hostedUrl = 'https://api.openai.com/v1';
const prefix = 'openai:';
const nameForm = /^[A-Za-z0-9][\w.:/+@-]*$/;

function value(environment: ModelEnvironment, name: string): string | null {
  const text = environment[name]?.trim() ?? '';
  return text === '' ? null : text;
}

/** `<name>@<url>` or `<name>`; null if it is neither. A name may hold `/`, `:` and `@` itself. */
export function openAiName(text: string): { model: string; url: string | null } | null {
  const at = text.search(/@https?:\/\//i);
  const model = at === -1 ? text : text.slice(0, at);
  return nameForm.test(model) ? { model, url: at === -1 ? null : text.slice(at + 1) } : null;
}

/** A server that is named without its scheme: the name, and what it should have been. */
const withoutScheme = ({ model, url }: { model: string; url: string | null }) =>
  url === null ? /^(.+?)@([\w.-]+:\d+.*|localhost.*|[\w.-]+\/v\d\/?)$/i.exec(model) : null;

/**
 * @param id as after `--model`
 * @param url default: OpenAI itself
 * @returns the id with that server, where it is of this provider and names none: no variable leads it to another one
 */
export function withServer(id: string, url: string = hostedUrl): string {
  const name = id.startsWith(prefix) ? openAiName(id.slice(prefix.length)) : null;
  return name === null || name.url !== null || withoutScheme(name) !== null ? id : `${id}@${url}`;
}

/**
 * @param text what stands after `openai:`
 * @throws {ModelSettingError} for a URL or a number that cannot be used; {ChatModelError} kind `auth` if OpenAI's own key is
 *   missing
 */
export function openAiSettings(text: string, environment: ModelEnvironment): OpenAiSettings | null {
  const name = openAiName(text);
  if (name === null) return null;
  const at = withoutScheme(name);
  if (at !== null)
    throw new ModelSettingError(
      `openai:${text} names no server that can be called: write http:// or https:// before it, as in --model openai:${at[1]}@http://${at[2]}`,
    );
  const baseUrl = baseUrlOf(name.url ?? value(environment, 'OPENAI_BASE_URL') ?? hostedUrl);
  const apiKey = value(environment, 'OPENAI_API_KEY');
  const isHosted = baseUrl === hostedUrl;
  if (isHosted && apiKey === null)
    throw new ChatModelError(
      'auth',
      'OpenAI needs an API key: set OPENAI_API_KEY, or name a server of your own: --model openai:<name>@<url>.',
    );
  return { model: name.model, baseUrl, apiKey, isHosted, contextTokens: contextTokensIn(environment) };
}

/** The whole base URL: `/v1` where only a host was given. Keys and other secrets have no place in it. */
function baseUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new ModelSettingError(`"${text}" is no http or https URL of a model server.`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new ModelSettingError(
      'The URL of a model server is shown with the run: it must hold no user, password, query or fragment. Put the key into OPENAI_API_KEY.',
    );
  const path = url.pathname.replace(/\/+$/, '').replace(/\/chat\/completions$/, '');
  return `${url.origin}${path === '' ? '/v1' : path}`;
}

function contextTokensIn(environment: ModelEnvironment): number | null {
  const text = value(environment, 'OPENAI_CONTEXT_TOKENS');
  if (text === null) return null;
  const tokens = Number(text);
  if (!Number.isInteger(tokens) || tokens < 1024)
    throw new ModelSettingError('OPENAI_CONTEXT_TOKENS must be a whole number of tokens, 1024 or more.');
  return tokens;
}
