/** How models are named on the wire, and what stands for that in the form. */
import type { OfferedModel } from '../../protocol/clientViews.ts';

export const providers = ['heuristic', 'gemini', 'openai', 'vscode'] as const;
export type Provider = (typeof providers)[number];

/** A model as the form has it. */
export interface ModelChoice {
  provider: Provider;
  /** As its provider calls it; of the built-in researcher, nothing. */
  name: string;
  /** Of a server that speaks like OpenAI; empty: OpenAI's own. */
  url: string;
}

/** @example parseModel('openai:qwen3@http://localhost:8000/v1') // { provider: 'openai', name: 'qwen3', url: 'http://…' } */
export function parseModel(model: string): ModelChoice {
  const [head = '', ...rest] = model.split(':');
  const provider = providers.find((candidate) => candidate === head) ?? 'heuristic';
  const tail = rest.join(':');
  if (provider === 'heuristic') return { provider, name: '', url: '' };
  if (provider !== 'openai') return { provider, name: tail, url: '' };
  const at = tail.indexOf('@');
  return at < 0 ? { provider, name: tail, url: '' } : { provider, name: tail.slice(0, at), url: tail.slice(at + 1) };
}

export function modelName({ provider, name, url }: ModelChoice): string {
  if (provider === 'heuristic') return 'heuristic';
  const plain = `${provider}:${name.trim()}`;
  return provider === 'openai' && url.trim() !== '' ? `${plain}@${url.trim()}` : plain;
}

export type ModelProblem = 'name' | 'space' | 'url' | 'not_offered' | 'none_offered';

/** What keeps a run from having this model; null: nothing that can be known before it is tried. */
export function modelProblem(
  { provider, name, url }: ModelChoice,
  offered: readonly OfferedModel[],
): ModelProblem | null {
  if (provider === 'heuristic') return null;
  if (provider === 'vscode') {
    if (offered.length === 0) return 'none_offered';
    return offered.some(({ id }) => id === name) ? null : 'not_offered';
  }
  if (name.trim() === '') return 'name';
  if (/\s|@/.test(name.trim())) return 'space';
  if (provider === 'openai' && url.trim() !== '' && !isHttpUrl(url.trim())) return 'url';
  return null;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text);
}

/** The provider that needs a key for this model; null where none is needed, or where a server of one's own may need none. */
export function keyProvider({ provider, url }: ModelChoice): 'gemini' | 'openai' | null {
  if (provider === 'gemini') return 'gemini';
  return provider === 'openai' && url.trim() === '' ? 'openai' : null;
}
