/** What the Gemini provider takes from its environment. The only place that reads the key. */
import { ChatModelError } from '../chatModel.ts';
import type { ModelEnvironment } from '../environment.ts';

export interface GeminiSettings {
  /** Sent in the header `x-goog-api-key`, nowhere else. */
  apiKey: string;
  /** null: Google's own. */
  baseUrl: string | null;
  apiVersion: string;
}

/** The SDK's own default moved to `v1` in 3.0, which lacks preview models: always said explicitly. */
const defaultApiVersion = 'v1beta';

function value(environment: ModelEnvironment, name: string): string | null {
  const text = environment[name]?.trim() ?? '';
  return text === '' ? null : text;
}

/**
 * @throws {ChatModelError} kind `auth` if no key is set, `bad_request` if the base URL is none; names the variable
 */
export function geminiSettings(environment: ModelEnvironment): GeminiSettings {
  const apiKey = value(environment, 'GOOGLE_API_KEY') ?? value(environment, 'GEMINI_API_KEY');
  if (apiKey === null)
    throw new ChatModelError(
      'auth',
      'Gemini needs an API key: set GEMINI_API_KEY (or GOOGLE_API_KEY), or run with `--model heuristic`, which needs none.',
    );
  const baseUrl = value(environment, 'GOOGLE_GEMINI_BASE_URL');
  if (baseUrl !== null && (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)))
    throw new ChatModelError('bad_request', 'GOOGLE_GEMINI_BASE_URL must be an http or https URL.');
  const version = value(environment, 'GOOGLE_GENAI_API_VERSION') ?? defaultApiVersion;
  return { apiKey, baseUrl, apiVersion: version === 'beta' ? 'v1beta' : version };
}
