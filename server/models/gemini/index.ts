/** `gemini:<name>`: Google's models through @google/genai. One call is one request: no hidden retries, no continuation. */
import { FunctionCallingConfigMode, type GenerateContentConfig, GoogleGenAI } from '@google/genai';
import { CallDeadline, type CallLimits } from '../callDeadline.ts';
import {
  type ChatModel,
  ChatModelError,
  type GenerateRequest,
  type GenerateResponse,
  type ModelInfo,
  type ToolMode,
} from '../chatModel.ts';
import type { ModelEnvironment } from '../environment.ts';
import { patientFetch, RawTail } from '../patientFetch.ts';
import { quotaName } from '../quotaName.ts';
import { type Redact, redactor } from '../redaction.ts';
import { network, type Wire } from '../wire.ts';
import { Answer } from './answer.ts';
import { contentsOf } from './contents.ts';
import { failureOf } from './errors.ts';
import { type GeminiSettings, geminiSettings } from './settings.ts';

const defaultLimits: CallLimits = { totalMs: 45 * 60_000, idleMs: 12 * 60_000 };
const largestSeed = 0x7fff_ffff;
const modes: Record<ToolMode, FunctionCallingConfigMode> = {
  auto: FunctionCallingConfigMode.AUTO,
  required: FunctionCallingConfigMode.ANY,
  none: FunctionCallingConfigMode.NONE,
};

export class GeminiModel implements ChatModel {
  readonly info: ModelInfo;
  readonly #name: string;
  readonly #client: GoogleGenAI;
  readonly #limits: CallLimits;
  readonly #wire: Wire;
  readonly #redact: Redact;

  constructor(name: string, settings: GeminiSettings, limits: CallLimits = defaultLimits, wire: Wire = network) {
    const { apiKey, apiVersion, baseUrl } = settings;
    const id = `gemini:${name}`;
    const quota = quotaName(id, apiKey);
    this.info = { id, label: `Gemini ${name}`, isLanguageModel: true, contextTokens: null, quota };
    this.#name = name;
    this.#limits = limits;
    this.#wire = wire;
    this.#redact = redactor([apiKey]);
    const httpOptions = baseUrl === null ? { apiVersion } : { apiVersion, baseUrl };
    this.#client = new GoogleGenAI({ apiKey, vertexai: false, apiVersion, httpOptions });
  }

  async generate(request: GenerateRequest): Promise<GenerateResponse> {
    if (request.signal.aborted) throw new ChatModelError('aborted', `The call to ${this.#name} was cancelled.`);
    const contents = contentsOf(request.messages, this.#name);
    const deadline = new CallDeadline(this.#limits);
    const tail = new RawTail();
    const answer = new Answer(this.#name, request);
    try {
      const config = {
        ...configOf(request),
        abortSignal: AbortSignal.any([request.signal, deadline.signal]),
        httpOptions: { fetch: patientFetch(tail, this.#wire(request.caller ?? null)) },
      };
      const stream = await this.#client.models.generateContentStream({ model: this.#name, contents, config });
      for await (const chunk of stream) {
        deadline.touch();
        answer.add(chunk);
      }
      return answer.response(tail.finishMessage());
    } catch (error) {
      const { aborted } = request.signal;
      const { expired } = deadline;
      const redact = this.#redact;
      throw failureOf(error, { model: this.#name, aborted, expired, usage: answer.usage, redact });
    } finally {
      deadline.close();
    }
  }
}

function configOf({ system, tools, toolMode, maxOutputTokens, seed }: GenerateRequest): GenerateContentConfig {
  const declarations = tools.map(({ name, description, parameters }) => ({
    name,
    description,
    parametersJsonSchema: parameters,
  }));
  const mode = modes[toolMode];
  const offered = { tools: [{ functionDeclarations: declarations }], toolConfig: { functionCallingConfig: { mode } } };
  return {
    systemInstruction: system,
    maxOutputTokens,
    seed: seed % largestSeed,
    automaticContinuation: false,
    ...(tools.length === 0 ? {} : offered),
  };
}

/**
 * @param name as Google names it, e.g. `gemini-3.1-pro-preview`
 * @param environment where the key and the endpoint are read: GEMINI_API_KEY, GOOGLE_API_KEY, GOOGLE_GEMINI_BASE_URL,
 *   GOOGLE_GENAI_API_VERSION
 * @throws {ChatModelError} kind `auth` if no key is set
 */
export function createGeminiModel(
  name: string,
  environment: ModelEnvironment,
  limits?: CallLimits,
  wire?: Wire,
): GeminiModel {
  return new GeminiModel(name, geminiSettings(environment), limits, wire);
}
