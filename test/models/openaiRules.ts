/** What OpenAI-compatible servers refuse, as their own 400s put it: the strictest of vLLM, llama.cpp, OpenAI and their templates. */
import * as z from 'zod';

const ToolCall = z.strictObject({
  // Mistral's template takes no other ids.
  id: z.string().regex(/^[A-Za-z0-9]{9}$/, 'Tool call id must be alphanumeric with a length of 9.'),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
});

const Message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: z.string() }),
  z.strictObject({ role: z.literal('user'), content: z.string().min(1) }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.string().nullable(),
    tool_calls: z.array(ToolCall).min(1).optional(),
    reasoning_content: z.string().optional(),
    reasoning: z.string().optional(),
  }),
  z.strictObject({ role: z.literal('tool'), tool_call_id: z.string(), content: z.string() }),
]);
export type Message = z.infer<typeof Message>;

const Tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[\w-]{1,64}$/),
    description: z.string(),
    parameters: z.looseObject({ type: z.literal('object') }),
  }),
});

export const ChatBody = z.strictObject({
  model: z.string(),
  messages: z.array(Message).min(1),
  tools: z.array(Tool).min(1).optional(),
  tool_choice: z.enum(['auto', 'required', 'none']).optional(),
  max_tokens: z.int().positive().optional(),
  max_completion_tokens: z.int().positive().optional(),
  seed: z.int().optional(),
  stream: z.literal(true),
  stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
});
export type ChatBody = z.infer<typeof ChatBody>;

const OllamaMessage = z.strictObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
  thinking: z.string().optional(),
  tool_name: z.string().optional(),
  tool_call_id: z.string().optional(),
  tool_calls: z
    .array(
      z.strictObject({
        id: z.string().optional(),
        function: z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
      }),
    )
    .optional(),
});

export const OllamaBody = z.strictObject({
  model: z.string(),
  messages: z.array(OllamaMessage).min(1),
  tools: z.array(Tool).optional(),
  stream: z.boolean(),
  truncate: z.boolean().optional(),
  shift: z.boolean().optional(),
  keep_alive: z.string().optional(),
  options: z.strictObject({ num_ctx: z.int().positive(), num_predict: z.int(), seed: z.int() }),
});
export type OllamaBody = z.infer<typeof OllamaBody>;

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    // What a template would stumble over.
    return false;
  }
}

function turnProblem(messages: readonly Message[], index: number): string | null {
  const message = messages[index];
  const previous = messages[index - 1];
  if (message === undefined) return null;
  if (message.role === 'system' && index > 0) return 'System message must be at the beginning.';
  if (message.role === 'user' && previous?.role === 'user')
    return 'Conversation roles must alternate user/assistant/user/assistant/...';
  if (message.role === 'tool' && previous?.role !== 'tool' && previous?.role !== 'assistant')
    return "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.";
  if (message.role !== 'assistant') return null;
  if (previous === undefined || previous.role === 'system' || previous.role === 'assistant')
    return 'Conversation roles must alternate user/assistant/user/assistant/...';
  if (message.content === null && message.tool_calls === undefined) return 'Assistant message has no content.';
  const calls = message.tool_calls ?? [];
  const answers = messages.slice(index + 1, index + 1 + calls.length);
  const fits = calls.every(({ id }, at) => {
    const answer = answers[at];
    return answer?.role === 'tool' && answer.tool_call_id === id;
  });
  if (!fits || messages[index + 1 + calls.length]?.role === 'tool')
    return "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.";
  return calls.every((call) => isJsonObject(call.function.arguments))
    ? null
    : 'Failed to parse tool call arguments as JSON.';
}

/** @returns the message of the 400 that this request earns, or null if it is acceptable */
export function problemWith(body: ChatBody): string | null {
  if (body.tool_choice === 'required' && body.tools === undefined)
    return 'When using `tool_choice`, `tools` must be set.';
  for (const index of body.messages.keys()) {
    const problem = turnProblem(body.messages, index);
    if (problem !== null) return problem;
  }
  return null;
}
