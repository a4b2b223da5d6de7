/**
 * What model providers may answer when they are broken or lie: real answers, damaged, through the real providers (Google's SDK
 * and our own parsers) over a fetch that stays in this process. Every call ends with an answer that can be stored, acted upon
 * and sent back, or with an error that says what to do about it.
 */
import { createServer, type ServerResponse } from 'node:http';
import { TrajectoryEvent } from '../../../protocol/trajectory.ts';
import { modelEvent } from '../../../server/agent/conversation.ts';
import { parseToolCall } from '../../../server/agent/tools.ts';
import { type ChatModel, ChatModelError, type GenerateResponse } from '../../../server/models/chatModel.ts';
import { createGeminiModel } from '../../../server/models/gemini/index.ts';
import { createOpenAiModel } from '../../../server/models/openai/index.ts';
import { apiKey, modelName, request, say, turnOf } from '../../models/geminiCalls.ts';
import * as gemini from '../../models/geminiReplies.ts';
import * as openai from '../../models/openaiReplies.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { FuzzTarget } from './fuzz.ts';
import { damagedBytes, damagedText, damagedValue, deepText, noise } from './mutation.ts';

const limits = { totalMs: 4000, idleMs: 2000 };
const deadlineMs = 10_000;
/** Models remember what they have asked their server. */
const casesPerModel = 200;

interface Recorded {
  status: number;
  type: string;
  body: string;
}

const flavours = ['gemini', 'openai', 'ollama'] as const;
type Flavour = (typeof flavours)[number];

const command = { command: 'echo "ü" > a && cat a' };
const submission = { summary: 'a line', directory: '/workspace/program' };
const limit = {
  code: 429,
  status: 'RESOURCE_EXHAUSTED',
  message: 'Quota exceeded. Please retry in 7.5s.',
  details: [gemini.retryInfo('7.5s'), gemini.quotaFailure('GenerateRequestsPerMinutePerProject')],
};
const geminiReplies: gemini.Reply[] = [
  gemini.answer({
    chunks: [
      [{ text: 'I think ', thought: true }],
      [{ text: 'Idea: a tree. ' }],
      [{ functionCall: { name: 'bash', args: command } }],
    ],
    usage: { promptTokenCount: 100, cachedContentTokenCount: 40, candidatesTokenCount: 20, thoughtsTokenCount: 7 },
  }),
  gemini.answer({
    chunks: [
      [
        { functionCall: { name: 'python', args: { code: 'x = 1' } } },
        { functionCall: { name: 'submit', args: submission } },
      ],
    ],
  }),
  gemini.text('No call, 日本語 and 🙂.'),
  gemini.bareFinish('MALFORMED_FUNCTION_CALL', 'call:bash{command: "a'),
  gemini.bareFinish('SAFETY'),
  gemini.promptBlocked('PROHIBITED_CONTENT'),
  gemini.empty,
  gemini.apiError(limit),
  gemini.nestedApiError({ ...limit, code: 503, status: 'UNAVAILABLE' }),
  gemini.htmlError(502, '502 Bad Gateway'),
  gemini.cutInStream,
];
const openAiReplies: openai.Reply[] = [
  openai.answer({
    text: ['Idea: ', 'a tree. '],
    reasoning: { field: 'reasoning_content', text: 'hm' },
    calls: [{ id: 'c1', name: 'bash', pieces: ['{"command": ', '"ls"}'] }],
  }),
  openai.answer({
    calls: [openai.callOf('python', { code: 'x = 1' }, 'a'), openai.callOf('submit', submission, 'b')],
    callStyle: 'index0',
  }),
  openai.answer({ calls: [openai.callOf('bash', command)], callStyle: 'bare', usage: null }),
  openai.text('No call, 日本語 and 🙂.'),
  openai.answer({ text: ['cut'], finishReason: 'length' }),
  openai.unstreamed(
    { content: 'whole', tool_calls: [{ id: 'u', function: { name: 'bash', arguments: '{"command":"ls"}' } }] },
    'tool_calls',
  ),
  openai.refusal(429, openai.openAiError('Rate limit reached. Please try again in 1m2.5s.'), { 'retry-after': '20' }),
  openai.refusal(400, openai.openAiError("This model's maximum context length is 8192 tokens.")),
  openai.refusal(404, { detail: 'Not Found' }),
  openai.htmlError(503, '503'),
  openai.cutInStream,
];

/** What the test servers' replies look like on the wire. */
async function record(send: (response: ServerResponse) => void | Promise<void>): Promise<Recorded> {
  const server = createServer((_request, response) => void send(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      body: await response.text(),
    };
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

async function recordAll(): Promise<Record<Flavour, Recorded[]>> {
  const of = (native: boolean) => (reply: openai.Reply) =>
    record((response) => reply.send(response, { model: modelName, native }));
  return {
    gemini: await Promise.all(geminiReplies.map((reply) => record((response) => reply.send(response, modelName)))),
    openai: await Promise.all(openAiReplies.map(of(false))),
    ollama: await Promise.all(openAiReplies.slice(0, 5).map(of(true))),
  };
}

/** JSON values in a body, damaged one by one; their frame (`data: `, line ends) stays. */
function damagedJson(body: string, random: SeededRandom): string {
  const lines = body.split('\n');
  const holders = lines.flatMap((line, index) => (line.includes('{') ? [index] : []));
  if (holders.length === 0) return damagedText(body, random);
  const index = random.pick(holders);
  const line = lines[index] ?? '';
  const at = line.indexOf('{');
  try {
    const value: unknown = JSON.parse(line.slice(at));
    lines[index] = line.slice(0, at) + JSON.stringify(damagedValue(value, random)) + (line.endsWith('\r') ? '\r' : '');
  } catch {
    lines[index] = damagedText(line, random);
  }
  if (random.chance(0.1)) lines.splice(index, 0, line);
  return lines.join('\n');
}

const tokens = [
  'data: ',
  'data:',
  '\n\n',
  '\r\n',
  'event: error\n',
  'error: ',
  ': ',
  '[DONE]',
  'null',
  '{"error":',
  'id: 1\n',
  '\r',
];

function damagedBody(body: string, random: SeededRandom): Buffer {
  const kind = random.uniform();
  if (kind < 0.05) return Buffer.from(body);
  if (kind < 0.55) return Buffer.from(damagedJson(body, random));
  if (kind < 0.8) return Buffer.from(damagedText(body, random, tokens));
  if (kind < 0.95) return damagedBytes(Buffer.from(body), random);
  if (kind < 0.97) return Buffer.from(`data: ${deepText(random, random.between(10, 20_000))}\n\n`);
  return noise(random, random.between(0, 3000));
}

const statuses = [200, 201, 206, 400, 401, 402, 403, 404, 408, 413, 418, 425, 429, 499, 500, 502, 503, 504, 529, 599];
const types = [
  '',
  'text/event-stream',
  'application/json',
  'application/json; charset=utf-16',
  'text/html',
  'application/octet-stream',
];
const waits = ['20', '-1', '1e9', 'soon', 'Wed, 21 Oct 2015 07:28:00 GMT', '', '0.5', '99999999999999'];

function damagedResponse({ status, type, body }: Recorded, random: SeededRandom): Response {
  const bytes = damagedBody(body, random);
  const headers = new Headers({ 'content-type': random.chance(0.1) ? random.pick(types) : type });
  if (random.chance(0.1))
    headers.set(random.pick(['retry-after', 'retry-after-ms', 'x-ratelimit-reset-tokens']), random.pick(waits));
  const breaks = random.chance(0.04);
  const pieces = random.between(1, 5);
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const size = Math.max(1, Math.ceil(bytes.length / pieces));
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
      if (breaks) controller.error(Object.assign(new TypeError('terminated'), { cause: { code: 'UND_ERR_SOCKET' } }));
      else controller.close();
    },
  });
  return new Response(stream, { status: random.chance(0.08) ? random.pick(statuses) : status, headers });
}

/** Answers what a model asks its server before the first call. */
function introduction(flavour: Flavour, path: string): Response | null {
  const json = (body: unknown) => Response.json(body);
  if (path === '/api/version')
    return flavour === 'ollama' ? json({ version: '0.20.1' }) : new Response('', { status: 404 });
  if (path === '/api/show') return json({ model_info: { 'q.context_length': 8192 }, capabilities: ['tools'] });
  if (path === '/v1/models') return json({ data: [{ id: modelName, max_model_len: 8192 }] });
  return null;
}

export const modelAnswers: FuzzTarget = {
  name: 'model answers',
  deadlineMs,
  start: async () => {
    const recorded = await recordAll();
    /** What the next request is answered with. */
    let next: () => Response = () => new Response('');
    const wireOf = (flavour: Flavour) => () => async (input: string | URL | Request) => {
      const path = new URL(input instanceof Request ? input.url : input).pathname;
      return introduction(flavour, path) ?? next();
    };
    const create = (flavour: Flavour): ChatModel => {
      const wire = wireOf(flavour);
      if (flavour === 'gemini')
        return createGeminiModel(
          modelName,
          { GEMINI_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9' },
          limits,
          wire,
        );
      const model = createOpenAiModel(`${modelName}@http://127.0.0.1:9/v1`, { OPENAI_API_KEY: apiKey }, limits, wire);
      if (model === null) throw new Error('the name of the test model was refused');
      return model;
    };
    const models = new Map<Flavour, ChatModel>();
    return {
      attempt: async (random, index) => {
        if (index % casesPerModel === 0) models.clear();
        const flavour = random.pick(flavours);
        const model = models.get(flavour) ?? create(flavour);
        models.set(flavour, model);
        next = () => damagedResponse(random.pick(recorded[flavour]), random);
        let response: GenerateResponse;
        try {
          response = await model.generate(request([say('go')]));
        } catch (error) {
          return `${flavour}: ${kindOfFailure(error)}`;
        }
        await checkAnswer(model, response, () => {
          const [whole] = recorded[flavour];
          next = () => new Response(whole?.body ?? '', { headers: { 'content-type': whole?.type ?? '' } });
        });
        return `${flavour}: ${response.finish.kind}`;
      },
      close: async () => undefined,
    };
  },
};

/** @throws what is no failure of a provider */
function kindOfFailure(error: unknown): string {
  if (!ChatModelError.is(error)) throw error;
  if (error.message === '' || error.message.length > 4000)
    throw new Error(`an error says: ${error.message.slice(0, 300)}`);
  if (error.message.includes(apiKey)) throw new Error('an error tells the key');
  const wait = error.retryAfterMs;
  if (wait !== undefined && wait !== null && !(wait >= 0)) throw new Error(`comes back in ${wait} ms`);
  return error.kind;
}

/** What the engine does with an answer: stores it, acts upon it, and sends it back with the next request. */
async function checkAnswer(model: ChatModel, response: GenerateResponse, heal: () => void): Promise<void> {
  const event = modelEvent({ ...response, durationMs: 1, parkedMs: 0 }, 1, Date.now());
  TrajectoryEvent.parse(JSON.parse(JSON.stringify(event)));
  for (const { name, arguments: given } of event.calls) parseToolCall(name, given);
  heal();
  await model.generate(request([say('go'), ...turnOf(response)]));
}
